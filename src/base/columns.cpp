#include "proxysql_consul/base/columns.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

constexpr std::size_t longest_cell = 4096;
constexpr std::size_t gap = 2;

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::green: return "\x1b[32m";
    case Colour::yellow: return "\x1b[33m";
    case Colour::red: return "\x1b[31m";
    case Colour::faint: return "\x1b[2m";
    case Colour::none: break;
  }
  return {};
}

class Formatter {
 public:
  Formatter(const Columns& columns, const std::optional<Terminal>& terminal) : columns_(columns), terminal_(terminal) {
    for (const auto& title : columns.titles) widths_.push_back(width_of(title.text));
    for (const auto& row : columns.rows) {
      for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], width_of(shown(row[i])));
    }
  }

  std::string text() const {
    std::vector<ColumnCell> titles;
    for (const auto& title : columns_.titles) titles.push_back({.text = title.text, .colour = Colour::faint});
    auto all = line(titles);
    for (const auto& row : columns_.rows) all += line(row);
    return all;
  }

 private:
  static std::string shown(const ColumnCell& cell) { return printable(cell.text, longest_cell); }

  std::string line(const std::vector<ColumnCell>& row) const {
    std::string all;
    std::size_t at = 0;      // where the next cell begins
    std::size_t blanks = 0;  // that are still to come before it
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto text = shown(row[i]);
      const auto free = widths_[i] - width_of(text);
      if (columns_.titles[i].is_number) blanks += free;
      if (!text.empty()) {
        if (terminal_ && at + blanks >= terminal_->width) break;
        all.append(blanks, ' ');
        at += blanks;
        blanks = 0;
        if (terminal_) text = cut(text, terminal_->width - at);
        at += width_of(text);
        all += coloured(text, row[i].colour, terminal_);
      }
      if (!columns_.titles[i].is_number) blanks += free;
      blanks += gap;
    }
    return all + "\n";
  }

  const Columns& columns_;
  const std::optional<Terminal>& terminal_;
  std::vector<std::size_t> widths_;
};

}  // namespace

std::string coloured(std::string_view text, Colour colour, const std::optional<Terminal>& terminal) {
  const auto code = terminal && terminal->colours ? code_of(colour) : std::string_view();
  if (code.empty()) return std::string(text);
  return std::string(code).append(text).append("\x1b[0m");
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t bytes = 0;
  for (std::size_t characters = 0; bytes < text.size(); ++bytes) {
    if (begins_character(text[bytes]) && ++characters == width) break;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string format_columns(const Columns& columns, const std::optional<Terminal>& terminal) {
  return Formatter(columns, terminal).text();
}

}  // namespace proxysql_consul
