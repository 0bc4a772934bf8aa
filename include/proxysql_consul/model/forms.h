// Which part of what a ProxySQL holds is configuration, and when two contents mean the same. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What of `table` is shared: a backend that a monitor shunned counts as online, one that is OFFLINE_HARD is gone, the
/// two runtime rows of an account are one where they are otherwise alike, and variables that describe one node, or that
/// match `excluded` (shell patterns), are left out. Needs column names; keeps the order of the rows.
Table shared_form(Table table, const std::vector<std::string>& excluded);

/// Tells which rows of a table a LOAD leaves behind in memory: inactive rules and accounts, and accounts of neither
/// side.
class OnlyInMemory {
 public:
  explicit OnlyInMemory(const Table& table);

  bool operator()(const RowView& row) const;

 private:
  std::optional<std::size_t> active_;
  std::optional<std::size_t> frontend_;
  std::optional<std::size_t> backend_;
};

/// The cells of an account that, beside the primary key, no other may share: user name and frontend.
Row second_key(const Table& users, const RowView& row);

/// `table` as runtime would show it after a LOAD, in shared form: status in capitals, what is only in memory gone,
/// digests padded and modifiers in ProxySQL's words, an account's NULL password and schema empty.
Table runtime_form(Table table);

/// True where LOAD keeps the value's meaning: equal, or the same number or truth value in other words.
bool is_same_value(const CellView& a, const CellView& b);

}  // namespace proxysql_consul
