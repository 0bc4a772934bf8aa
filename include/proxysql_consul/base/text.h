// Small words on text: lists, suggestions, what may be shown, what is a number or UTF-8. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul {

/// "a, b, c"
std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

/// `text` with its ASCII letters in lower case.
std::string to_lower(std::string_view text);

/// The one of `known` that was most likely meant, whatever the case: the nearest in spelling, or else the one that
/// `word` is the end of ("users" of "mysql_users"; of several, the one that begins with "mysql_"). Nothing where none
/// is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// "did you mean 'x'?" for nearest(), or "" where there is none.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// At most `limit` bytes of `text` and "..." for the rest, without control characters, and with ? for the bytes above
/// ASCII of what is no UTF-8: for terminals, and for errors that quote what came from elsewhere.
std::string printable(std::string_view text, std::size_t limit = 300);

/// `text` with what stands in single quotes replaced by '***': a server's error can quote a statement's literals.
std::string without_literals(std::string_view text);

/// `text` with '***' for what in it repeats 16 bytes or more of one of `sent`, whether that was quoted or not: a
/// server's error can hold what it was sent. Backslashes are left out where anything is.
std::string without_echo(std::string_view text, const std::vector<std::string_view>& sent);

/// The integer that `text` spells in plain decimal, or nothing.
std::optional<long long> to_integer(std::string_view text);

/// True where `text` is well-formed UTF-8 (RFC 3629), as JSON text has to be.
bool is_utf8(std::string_view text);

}  // namespace proxysql_consul
