// The JSON text of the settings, read strictly, and its values as C++ has them. Where the text is no JSON the error
// says the place and what was expected there, and never quotes the text, which may hold a password. Pure; knows no
// setting.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/node/settings_rules.h"

namespace proxysql_consul {

/// The object that `text` spells. Throws Error{settings} that names `file`, line, column and what was expected there,
/// and for a key that stands twice in one object, at any depth.
nlohmann::json parse_settings_json(std::string_view text, const std::string& file);

/// The same for a value of any type.
nlohmann::json parse_settings_value(std::string_view text, const std::string& file);

/// True where `text` spells an object, if also one that parse_settings_json() refuses.
bool is_json_object(std::string_view text);

// Each throws Error{settings} that names source, rule and value, or a secret's type in place of its value.

std::string as_text(const Source& source, const nlohmann::json& value);
std::string as_nonempty(const Source& source, const nlohmann::json& value);
/// An absolute path; "" for none only where that is in the name.
std::string as_path(const Source& source, const nlohmann::json& value);
std::string as_path_or_none(const Source& source, const nlohmann::json& value);
/// A host name or address; "" for none only where that is in the name.
std::string as_host(const Source& source, const nlohmann::json& value);
std::string as_host_or_none(const Source& source, const nlohmann::json& value);
bool as_bool(const Source& source, const nlohmann::json& value);
/// The 2016 default file writes numbers as strings, so these count as well.
long long as_number(const Source& source, const nlohmann::json& value, long long low, long long high, const char* what);
unsigned as_port(const Source& source, const nlohmann::json& value);
/// Of strings, none of them empty.
std::vector<std::string> as_list(const Source& source, const nlohmann::json& value);
/// Of shell patterns that are not cut short.
std::vector<std::string> as_patterns(const Source& source, const nlohmann::json& value);

}  // namespace proxysql_consul
