// Rows for people: aligned in columns, and on a terminal coloured and cut to its width. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul {

/// What people look at, where it is no pipe or file.
struct Terminal {
  std::size_t width = 80;
  bool colours = true;  ///< false where NO_COLOR is set
};

enum class Colour { none, green, yellow, red, faint };

/// `text` in that colour where the terminal shows colours; else as it is.
std::string coloured(std::string_view text, Colour colour, const std::optional<Terminal>& terminal);

/// `text`, which is UTF-8, at most `width` characters wide; where it is cut its last one is an ellipsis.
std::string cut(std::string_view text, std::size_t width);

struct ColumnCell {
  std::string text;
  Colour colour = Colour::none;
};

struct Columns {
  struct Title {
    std::string text;
    bool is_number = false;  ///< aligned to the right
  };
  std::vector<Title> titles;
  std::vector<std::vector<ColumnCell>> rows;  ///< each as long as the titles
};

/// A line for the titles and one for each row. Control characters are left out.
std::string format_columns(const Columns& columns, const std::optional<Terminal>& terminal);

}  // namespace proxysql_consul
