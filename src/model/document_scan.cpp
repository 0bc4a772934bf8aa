#include "proxysql_consul/model/document_scan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

/// The parser's events within the member "tables".
enum class Event { key, text, null, scalar, open_object, open_array };

/// Members of one object. Looking a name up among them takes as long as there are names.
constexpr std::size_t most_members = 1000;

/// Values in the tree, which takes several times as much memory as their text: a document has a few for each column,
/// and what nests or lists more is none.
constexpr std::size_t most_values = 100'000;

constexpr char strange_cell[] = "holds a cell that is neither string nor null";

/// What JSON writes as it is.
bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }
bool is_plain_ascii(char c) { return is_plain(c) && static_cast<unsigned char>(c) < 0x80; }

/// What is left of the text that is parsed.
using Rest = std::string_view;

/// The parser's way through the text, which it shares with who looks at the rest.
class RestIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  explicit RestIterator(Rest& rest) : rest_(&rest) {}

  char operator*() const { return rest_->front(); }
  RestIterator& operator++() {
    rest_->remove_prefix(1);
    return *this;
  }
  bool operator==(const RestIterator& other) const { return rest_->size() == other.rest_->size(); }

 private:
  Rest* rest_;
};

/// Takes the cells up to a row's end, which stays, where none of them needs an escape or is anything but text or null.
/// Otherwise false, and nothing is taken.
bool take_plain_cells(Rest& rest, std::vector<CellView>& cells) {
  constexpr std::string_view null = "null";
  // More than any table has columns, and few enough to be held beside the row.
  constexpr std::size_t most_cells = 1000;
  auto left = rest;
  cells.clear();
  for (;; left.remove_prefix(1)) {
    if (cells.size() == most_cells) return false;
    if (left.starts_with(null)) {
      cells.emplace_back();
      left.remove_prefix(null.size());
    } else if (left.starts_with('"')) {
      left.remove_prefix(1);
      const auto* const end = std::find_if_not(left.begin(), left.end(), is_plain_ascii);
      const auto size = static_cast<std::size_t>(end - left.begin());
      if (end == left.end() || *end != '"') return false;
      cells.emplace_back(left.substr(0, size));
      left.remove_prefix(size + 1);
    } else {
      return false;
    }
    if (left.starts_with(']')) break;
    if (!left.starts_with(',')) return false;
  }
  rest = left;
  return true;
}

// NOLINTNEXTLINE(bugprone-exception-escape): what moving a tree could throw it does not.
class Scanner : public nlohmann::json_sax<Json> {
 public:
  /// `rest` is what stands behind the bracket with which the parser has just opened a row.
  explicit Scanner(Rest& rest) : rest_(rest) {}

  ScannedDocument take() { return std::move(scanned_); }
  bool is_too_large() const { return is_too_large_; }

  bool null() override { return is_in_tables() ? inspect(Event::null) : keep(nullptr); }
  bool boolean(bool value) override { return is_in_tables() ? inspect(Event::scalar) : keep(value); }
  bool number_integer(std::int64_t value) override { return is_in_tables() ? inspect(Event::scalar) : keep(value); }
  bool number_unsigned(std::uint64_t value) override { return is_in_tables() ? inspect(Event::scalar) : keep(value); }
  bool number_float(double value, const std::string&) override {
    return is_in_tables() ? inspect(Event::scalar) : keep(value);
  }
  bool string(std::string& value) override { return is_in_tables() ? inspect(Event::text, value) : keep(value); }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (is_in_tables()) return open(Event::open_object);
    const bool are_tables = open_.size() == 1 && open_.front()->is_object() && key_ == "tables";
    open_.push_back(&place(Json::object()));
    if (are_tables) {
      scanned_.tables.clear();
      level_ = in_tables;
    }
    return is_small_enough();
  }
  bool start_array(std::size_t) override {
    if (is_in_tables()) return open(Event::open_array);
    open_.push_back(&place(Json::array()));
    return is_small_enough();
  }
  bool key(std::string& name) override {
    is_too_large_ = (is_in_tables() ? scanned_.tables.size() : open_.back()->size()) > most_members;
    if (is_in_tables()) return inspect(Event::key, name) && !is_too_large_;
    key_ = name;
    return !is_too_large_;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  /// What is open within "tables", and how many of them.
  enum Level : std::size_t { outside, in_tables, in_rows, in_row, in_bytes };

  bool is_in_tables() const { return level_ != outside; }

  Json& place(Json value) {
    ++values_;
    if (open_.empty()) return scanned_.tree = std::move(value);
    auto& parent = *open_.back();
    if (parent.is_object()) return parent[key_] = std::move(value);
    parent.push_back(std::move(value));
    return parent.back();
  }

  bool keep(Json value) {
    place(std::move(value));
    return is_small_enough();
  }

  bool is_small_enough() {
    is_too_large_ = values_ > most_values;
    return !is_too_large_;
  }

  bool open(Event event) {
    inspect(event);
    ++level_;
    return true;
  }

  bool close() {
    if (is_in_tables()) {
      if (level_ == in_bytes && skipped_from_ == outside) end_bytes();
      --level_;
      if (level_ == skipped_from_) skipped_from_ = outside;
    }
    if (!is_in_tables()) open_.pop_back();
    return true;
  }

  bool inspect(Event event, const std::string& text = {}) {
    if (skipped_from_ != outside) return true;
    switch (level_) {
      case in_tables:
        if (event == Event::key) {
          begin_table(text);
        } else if (event != Event::open_array) {
          refuse(event, "is no list of rows");
        }
        break;
      case in_rows:
        if (event == Event::open_array) {
          scanned_.tables[current_].table.rows.start();
          take_plain_rows();
        } else {
          refuse(event, "holds a row that is no list");
        }
        break;
      case in_row:
        if (event == Event::open_object) {
          members_ = 0;
          bytes_.reset();
        } else if (event == Event::text || event == Event::null) {
          add_cell(event == Event::text ? CellView(text) : CellView());
        } else {
          refuse(event, strange_cell);
        }
        break;
      default:
        if (event == Event::text) {
          bytes_ = from_base64(text);
        } else if (event != Event::key || text != "base64" || ++members_ > 1) {
          refuse(event, strange_cell);
        }
    }
    return true;
  }

  void begin_table(const std::string& name) {
    auto& tables = scanned_.tables;
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const ScannedTable& scanned) { return scanned.table.name == name; });
    current_ = static_cast<std::size_t>(found - tables.begin());
    if (found == tables.end()) tables.emplace_back();
    tables[current_] = {.table = {.name = name, .columns = {}, .rows = {}}, .problem = {}};
  }

  /// Most rows need no parser, which is given the end of the last of them, or the beginning of the first that does.
  void take_plain_rows() {
    constexpr std::string_view next = "],[";
    auto& rows = scanned_.tables[current_].table.rows;
    while (take_plain_cells(rest_, cells_)) {
      for (const auto& cell : cells_) rows.add(cell);
      if (!rest_.starts_with(next)) break;
      rest_.remove_prefix(next.size());
      rows.start();
    }
  }

  void add_cell(const CellView& cell) {
    if (cell && cell->find('\0') != std::string_view::npos) {
      refuse(Event::text, "holds a NUL byte, which ProxySQL cannot store");
    }
    scanned_.tables[current_].table.rows.add(cell);
  }

  void end_bytes() {
    if (bytes_) {
      add_cell(*bytes_);
    } else {
      refuse(Event::text, strange_cell);
    }
  }

  /// The first problem of a table counts; what a value in the wrong place holds is passed over.
  void refuse(Event event, const char* problem) {
    auto& first = scanned_.tables[current_].problem;
    if (!first) first = problem;
    if (event == Event::open_object || event == Event::open_array) skipped_from_ = level_;
  }

  Rest& rest_;
  std::vector<CellView> cells_;  ///< of a row that is taken
  ScannedDocument scanned_;
  std::vector<Json*> open_;  ///< the containers of the tree that are, the outermost first
  std::string key_;          ///< of the value that comes next in the tree
  bool is_too_large_ = false;
  std::size_t values_ = 0;  ///< in the tree
  std::size_t level_ = outside;
  std::size_t skipped_from_ = outside;  ///< the level below which all is passed over
  std::size_t current_ = 0;             ///< the table
  std::size_t members_ = 0;             ///< of the cell's object
  std::optional<std::string> bytes_;    ///< that it names
};

}  // namespace

std::optional<ScannedDocument> scan_document(std::string_view text) {
  Rest end;
  Scanner scanner(text);
  if (!Json::sax_parse(RestIterator(text), RestIterator(end), &scanner)) {
    if (!scanner.is_too_large()) return std::nullopt;
    throw Error(ExitCode::payload, "document: has more than " + std::to_string(most_members) +
                                       " members in one of its objects, or more than " + std::to_string(most_values) +
                                       " values beside its rows");
  }
  return scanner.take();
}

void append_json_string(std::string& to, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  to += '"';
  for (const auto* at = text.begin(); at != text.end();) {
    const auto* const next = std::find_if_not(at, text.end(), is_plain);
    to.append(at, next);
    if (next == text.end()) break;
    const auto c = static_cast<unsigned char>(*next);
    switch (c) {
      case '\b': to += "\\b"; break;
      case '\f': to += "\\f"; break;
      case '\n': to += "\\n"; break;
      case '\r': to += "\\r"; break;
      case '\t': to += "\\t"; break;
      case '"':
      case '\\': (to += '\\') += *next; break;
      default: ((to += "\\u00") += digits[c >> 4]) += digits[c & 15];
    }
    at = next + 1;
  }
  to += '"';
}

}  // namespace proxysql_consul
