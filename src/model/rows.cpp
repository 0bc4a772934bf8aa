#include "proxysql_consul/model/rows.h"

#include <algorithm>
#include <stdexcept>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

constexpr unsigned continued = 0x80;

/// A length and one, and what follows it.
struct Length {
  std::size_t value;
  const char* next;
};

Length length_at(const char* at) {
  auto byte = static_cast<unsigned char>(*at++);
  std::size_t value = byte & ~continued;
  for (unsigned shift = 7; (byte & continued) != 0; shift += 7) {
    byte = static_cast<unsigned char>(*at++);
    value |= static_cast<std::size_t>(byte & ~continued) << shift;
  }
  return {value, at};
}

}  // namespace

CellView RowView::Iterator::operator*() const {
  const auto length = length_at(at_);
  if (length.value == 0) return std::nullopt;
  return std::string_view(length.next, length.value - 1);
}

RowView::Iterator& RowView::Iterator::operator++() {
  const auto length = length_at(at_);
  at_ = length.next + (length.value == 0 ? 0 : length.value - 1);
  return *this;
}

CellView RowView::at(std::size_t position) const {
  if (position >= size()) throw std::out_of_range("RowView::at");
  return (*this)[position];
}

bool RowView::operator==(const Row& other) const {
  return std::equal(begin(), end(), other.begin(), other.end(),
                    [](const CellView& a, const Cell& b) { return a == b; });
}

Row RowView::copy() const {
  Row row;
  for (const auto& cell : *this) row.push_back(copy_of(cell));
  return row;
}

Rows::Rows(std::initializer_list<Row> rows) {
  for (const auto& row : rows) push_back(row);
}

RowView Rows::at(std::size_t number) const {
  if (number >= size()) throw std::out_of_range("Rows::at");
  return (*this)[number];
}

Rows::Held& Rows::own() {
  if (!held_) {
    held_ = std::make_shared<Held>();
  } else if (held_.use_count() > 1) {
    held_ = std::make_shared<Held>(*held_);
  }
  return *held_;
}

bool Rows::operator==(const Rows& other) const {
  if (is_shared_with(other) || (empty() && other.empty())) return true;
  return size() == other.size() && held_->bytes == other.held_->bytes && held_->ends == other.held_->ends;
}

void Rows::start() {
  auto& held = own();
  held.ends.push_back(held.bytes.size());
}

void Rows::append(Held& held, const CellView& cell) {
  std::size_t length = cell ? cell->size() + 1 : 0;
  for (; length >= continued; length >>= 7) held.bytes += static_cast<char>(length | continued);
  held.bytes += static_cast<char>(length);
  if (cell) held.bytes += *cell;
}

void Rows::add(const CellView& cell) {
  auto& held = own();
  append(held, cell);
  held.ends.back() = held.bytes.size();
}

void Rows::push_back(const RowView& row) {
  auto& [bytes, ends] = own();
  bytes += row.bytes();
  ends.push_back(bytes.size());
}

void Rows::push_back(const Row& row) {
  start();
  for (const auto& cell : row) add(cell);
}

void Rows::push_back(std::span<const CellView> row) {
  auto& held = own();
  for (const auto& cell : row) append(held, cell);
  held.ends.push_back(held.bytes.size());
}

void Rows::clear() { held_.reset(); }

void Rows::erase_if(const std::function<bool(const RowView&)>& leave_out) {
  if (std::none_of(begin(), end(), leave_out)) return;
  Rows kept;
  for (const auto& row : *this) {
    if (!leave_out(row)) kept.push_back(row);
  }
  *this = std::move(kept);
}

void Rows::edit(const std::function<bool(const RowView&)>& needs_change, const std::function<void(Row&)>& change) {
  if (std::none_of(begin(), end(), needs_change)) return;
  Rows changed;
  for (const auto& row : *this) {
    if (!needs_change(row)) {
      changed.push_back(row);
      continue;
    }
    auto copy = row.copy();
    change(copy);
    changed.push_back(copy);
  }
  *this = std::move(changed);
}

void Rows::sort_by(const std::vector<std::size_t>& key) {
  Rows sorted;
  for (const auto& row : sorted_by(key, *this)) sorted.push_back(row);
  *this = std::move(sorted);
}

void RowsLike::push_back(std::span<const CellView> row) {
  if (!has_parted_ && same_ < expected_.size()) {
    const auto like = expected_[same_];
    if (std::equal(row.begin(), row.end(), like.begin(), like.end())) {
      ++same_;
      return;
    }
  }
  if (!has_parted_) part();
  rows_.push_back(row);
}

void RowsLike::part() {
  has_parted_ = true;
  for (std::size_t number = 0; number < same_; ++number) rows_.push_back(expected_[number]);
}

Rows RowsLike::take() {
  if (!has_parted_ && same_ == expected_.size()) return std::move(expected_);
  if (!has_parted_) part();
  return std::move(rows_);
}

Row pick(const RowView& row, const std::vector<std::size_t>& positions) {
  Row picked;
  picked.reserve(positions.size());
  for (const auto position : positions) picked.push_back(copy_of(row[position]));
  return picked;
}

int compare(const CellView& a, const CellView& b) {
  if (!a || !b) return (a ? 1 : 0) - (b ? 1 : 0);
  if (*a == *b) return 0;
  const auto x = to_integer(*a);
  const auto y = to_integer(*b);
  if (x && y && *x != *y) return *x < *y ? -1 : 1;
  if (x.has_value() != y.has_value()) return x ? -1 : 1;
  return *a < *b ? -1 : 1;
}

int compare_at(const std::vector<std::size_t>& key, const RowView& a, const RowView& b) {
  for (const auto position : key) {
    if (const int side = compare(a[position], b[position]); side != 0) return side;
  }
  return 0;
}

void sort_by(const std::vector<std::size_t>& key, std::vector<RowView>& rows) {
  const auto less = [&](const RowView& a, const RowView& b) { return compare_at(key, a, b) < 0; };
  if (!std::is_sorted(rows.begin(), rows.end(), less)) std::stable_sort(rows.begin(), rows.end(), less);
}

std::vector<RowView> sorted_by(const std::vector<std::size_t>& key, const Rows& rows) {
  std::vector<RowView> sorted(rows.begin(), rows.end());
  sort_by(key, sorted);
  return sorted;
}

std::pair<std::vector<RowView>, std::vector<RowView>> unequal_middles(const Rows& a, const Rows& b) {
  if (a.is_shared_with(b)) return {};
  const auto most = std::min(a.size(), b.size());
  std::size_t first = 0;
  while (first < most && a[first] == b[first]) ++first;
  std::size_t last = 0;
  while (last < most - first && a[a.size() - 1 - last] == b[b.size() - 1 - last]) ++last;
  const auto middle = [&](const Rows& rows) {
    std::vector<RowView> some;
    for (std::size_t number = first; number < rows.size() - last; ++number) some.push_back(rows[number]);
    return some;
  };
  return {middle(a), middle(b)};
}

}  // namespace proxysql_consul
