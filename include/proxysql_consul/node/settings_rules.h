// What the text of a setting has to be: a host, a path, a prefix, a number. Pure. Knows no JSON, and not which setting
// a text is for but by its name in errors.
#pragma once

#include <string>
#include <string_view>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {

/// Where a value came from and what it is called there, for errors.
struct Source {
  std::string file;  ///< "environment" for a variable
  std::string key;

  /// True where the value must never be shown.
  bool is_secret() const;
  /// Throws Error{settings} "file: key: rule, is value".
  [[noreturn]] void refuse(const std::string& rule, const std::string& value) const;
  /// As refuse(), with `text` in quotes unless it is a secret.
  [[noreturn]] void refuse_text(const std::string& rule, std::string_view text) const;
};

// Each gives the text as the program uses it, or throws Error{settings} that names source, rule and value.

std::string checked_text(const Source& source, std::string text);
std::string checked_nonempty(const Source& source, std::string text);
/// An absolute path: a relative one would be another file in each directory that the program is started from.
std::string checked_path(const Source& source, std::string text);
/// A host name or address, an IPv6 address without its brackets.
std::string checked_host(const Source& source, std::string text);
std::string checked_scheme(const Source& source, std::string text);
/// What the keys of documents in Consul begin with: "proxysql/".
std::string checked_consul_prefix(const Source& source, std::string text);
/// Throws where no configuration of the catalogue is called `name`.
void require_configuration(const Source& source, const Catalogue& catalogue, const std::string& name);
/// Throws for a shell pattern that is cut short: it would match next to nothing, which nobody would notice.
void require_whole_pattern(const Source& source, std::string_view text);
bool checked_flag(const Source& source, std::string_view text);

constexpr long long max_port = 65535;

/// "must be a port from 1 to 65535"
std::string range_rule(const char* what, long long low, long long high);
long long checked_number(const Source& source, std::string_view text, long long low, long long high, const char* what);
unsigned checked_port(const Source& source, std::string_view text);

/// CONSUL_HTTP_ADDR: [http://|https://]host[:port][/path] or unix:///path, into the options that it stands for.
void apply_address(ConsulOptions& consul, const Source& source, std::string_view address);

}  // namespace proxysql_consul
