// The rows of a table in one piece of memory, so that a hundred thousand of them are read, compared and written without
// a string for each of their values.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proxysql_consul {

/// A value as ProxySQL holds it: bytes, or NULL. NULL and "" are different values.
using Cell = std::optional<std::string>;
/// The same, in memory that belongs to somebody else.
using CellView = std::optional<std::string_view>;
/// A row on its own.
using Row = std::vector<Cell>;

inline Cell copy_of(const CellView& cell) { return cell ? Cell(std::in_place, *cell) : Cell(); }

/// A row among Rows; valid until they change. Cells stand one behind the other, so that going through them in their
/// order is quick, and asking for one by its number takes as long as there are cells before it.
class RowView {
 public:
  /// Goes through the cells.
  class Iterator {
   public:
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = CellView;
    using difference_type = std::ptrdiff_t;
    using reference = CellView;
    using pointer = void;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}

    CellView operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const char* at_ = nullptr;
  };

  using value_type = CellView;
  using iterator = Iterator;
  using const_iterator = Iterator;

  /// `bytes` as bytes() gave them.
  static RowView of(std::string_view bytes) {
    RowView row;
    row.bytes_ = bytes;
    return row;
  }

  Iterator begin() const { return Iterator(bytes_.data()); }
  Iterator end() const { return Iterator(bytes_.data() + bytes_.size()); }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return static_cast<std::size_t>(std::distance(begin(), end())); }
  /// The cell of that number, which must be there.
  CellView operator[](std::size_t position) const { return *std::next(begin(), static_cast<std::ptrdiff_t>(position)); }
  /// Throws std::out_of_range.
  CellView at(std::size_t position) const;

  /// How it is held; equal for equal rows, and for no others.
  std::string_view bytes() const { return bytes_; }
  bool operator==(const RowView& other) const { return bytes_ == other.bytes_; }
  bool operator==(const Row& other) const;

  Row copy() const;
  /// For small tables, whose rows are edited one by one.
  operator Row() const { return copy(); }  // NOLINT(google-explicit-constructor)

 private:
  std::string_view bytes_;
};

/// Copies are cheap: they share what they hold until one of them changes.
class Rows {
 public:
  class Iterator {
   public:
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = RowView;
    using difference_type = std::ptrdiff_t;
    using reference = RowView;
    using pointer = void;

    Iterator() = default;
    Iterator(const Rows& rows, std::size_t number) : rows_(&rows), number_(number) {}

    RowView operator*() const { return (*rows_)[number_]; }
    Iterator& operator++() {
      ++number_;
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, {*rows_, number_ + 1}); }
    bool operator==(const Iterator&) const = default;

   private:
    const Rows* rows_ = nullptr;
    std::size_t number_ = 0;
  };

  using value_type = RowView;
  using iterator = Iterator;
  using const_iterator = Iterator;

  Rows() = default;
  Rows(std::initializer_list<Row> rows);

  std::size_t size() const { return held_ ? held_->ends.size() : 0; }
  bool empty() const { return size() == 0; }
  /// How many bytes the rows' cells take.
  std::size_t byte_count() const { return held_ ? held_->bytes.size() : 0; }
  /// The row of that number, which must be there.
  RowView operator[](std::size_t number) const {
    const auto begin = number == 0 ? 0 : held_->ends[number - 1];
    return RowView::of(std::string_view(held_->bytes).substr(begin, held_->ends[number] - begin));
  }
  /// Throws std::out_of_range.
  RowView at(std::size_t number) const;
  RowView front() const { return (*this)[0]; }
  RowView back() const { return (*this)[size() - 1]; }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

  /// Begins a row without cells.
  void start();
  /// Appends a cell to the last row, which must be there.
  void add(const CellView& cell);
  void push_back(const RowView& row);
  void push_back(const Row& row);
  void push_back(std::span<const CellView> row);
  void clear();

  /// Leaves out the rows for which that is true.
  void erase_if(const std::function<bool(const RowView&)>& leave_out);
  /// Makes `change(row)` of the rows for which `needs_change(row)` is true.
  void edit(const std::function<bool(const RowView&)>& needs_change, const std::function<void(Row&)>& change);

  /// Puts them into the order of compare_at().
  void sort_by(const std::vector<std::size_t>& key);

  bool operator==(const Rows& other) const;
  /// True where both are one and the same, which is known without a look at them.
  bool is_shared_with(const Rows& other) const { return held_ == other.held_; }

 private:
  struct Held {
    // Each cell is its length and one, seven bits a byte and the last one below 128, and then its bytes; NULL is a
    // zero.
    std::string bytes;
    std::vector<std::size_t> ends;  ///< of the rows
  };

  Held& own();
  static void append(Held& held, const CellView& cell);

  std::shared_ptr<Held> held_;
};

/// Gathers rows that are expected to be like others: for as long as they are, they are not held a second time.
class RowsLike {
 public:
  explicit RowsLike(Rows expected) : expected_(std::move(expected)) {}

  void push_back(std::span<const CellView> row);
  /// All of them. The object is of no use afterwards.
  Rows take();

 private:
  /// From here on the rows are others.
  void part();

  Rows expected_;
  std::size_t same_ = 0;  ///< how many came as expected
  bool has_parted_ = false;
  Rows rows_;  ///< all that came, once it has
};

/// The cells of `row` at `positions`.
Row pick(const RowView& row, const std::vector<std::size_t>& positions);

/// Orders cells as primary keys of ProxySQL's tables mostly are: numbers by their value and before all other text, NULL
/// first. Equal cells alone are neither less nor greater.
int compare(const CellView& a, const CellView& b);
/// By the cells at `key`, the first of them before the others.
int compare_at(const std::vector<std::size_t>& key, const RowView& a, const RowView& b);
/// Puts rows into that order; those that are equal there stay as they stood.
void sort_by(const std::vector<std::size_t>& key, std::vector<RowView>& rows);
/// The rows in that order. Valid as long as `rows` do not change.
std::vector<RowView> sorted_by(const std::vector<std::size_t>& key, const Rows& rows);

/// The rows of both without those at their beginnings and ends that are the same: in any order they differ as the whole
/// does. Valid as long as neither changes.
std::pair<std::vector<RowView>, std::vector<RowView>> unequal_middles(const Rows& a, const Rows& b);

}  // namespace proxysql_consul
