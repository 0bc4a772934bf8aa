// What answers on the admin port: rows of any shape in answer to any statement, and bytes in place of the protocol.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/proxysql/condition.h"
#include "proxysql_consul/proxysql/inventory.h"
#include "proxysql_consul/proxysql/loads.h"
#include "proxysql_consul/proxysql/reader.h"
#include "proxysql_consul/proxysql/unloaded.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"

namespace proxysql_consul::testing {

namespace {

/// Each line of the bytes is an answer: rows between '|', cells between ','; the first row are the names of the
/// columns, and as wide are the others. "NULL" is NULL, and a line with '!' in front an error. After the last line all
/// answers are empty.
class LyingSession : public AdminSession {
 public:
  explicit LyingSession(std::string_view input) : answers_(split(input, '\n')) {}

  void stream(std::string_view, RowSink& sink) override {
    if (number_ == answers_.size()) return;
    const auto& answer = answers_[number_++];
    if (answer.starts_with('!')) throw Error(ExitCode::proxysql, printable(answer));
    if (answer.empty()) return;
    auto rows = split(answer, '|');
    const auto columns = split(rows.front(), ',');
    sink.begin(columns);
    for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
      auto cells = split(*row, ',');
      cells.resize(columns.size());
      std::vector<CellView> views;
      for (const auto& cell : cells) views.push_back(cell == "NULL" ? CellView() : CellView(cell));
      sink.add(views);
    }
  }

 private:
  std::vector<std::string> answers_;
  std::size_t number_ = 0;
};

}  // namespace

FUZZ_TARGET(admin_answers) {
  LyingSession session(input);
  FakeClock clock;
  const auto inventory = attempt(ExitCode::proxysql, [&] { return read_inventory(session); });
  if (!inventory) return;
  for (const auto* const name : {"mysql_servers", "mysql_query_rules", "mysql_users", "mysql_variables"}) {
    const auto& configuration = *find_configuration(name);
    attempt(ExitCode::proxysql, [&] {
      const auto schemas = read_schemas(session, *inventory, configuration);
      const auto runtime = read_runtime(session, *inventory, configuration, schemas);
      require(runtime.tables.size() == schemas.size(), "each table is read");
      const auto memory = read_tables(session, configuration, schemas, Layer::memory, runtime.tables);
      for (std::size_t i = 0; i < schemas.size(); ++i) {
        for (const auto& row : memory[i].rows)
          require(row.size() == schemas[i].columns.size(), "a row is as wide as its table");
      }
      require_readable(describe_unloaded(session, configuration, schemas, runtime.tables, Scope()));
      return is_on_disk(session, schemas);
    });
  }
  attempt(ExitCode::proxysql, [&] { return count_rows(session, {"mysql_servers"}).writes; });
  attempt(ExitCode::proxysql, [&] { return read_admins(session, *inventory); });
  attempt(ExitCode::proxysql, [&] { return read_condition(session, *inventory).read_only; });
  attempt(ExitCode::proxysql, [&] { return read_signs(session, clock).loads; });
  attempt(ExitCode::proxysql, [&] { return read_load_mark(session); });
}

FUZZ_TARGET(admin_port) {
  static Script conversation;
  // The first byte says how far the server behaves: not at all, until the client is let in, or to each packet's header.
  static ScriptedServer server([](Peer& peer) {
    peer.forget();
    const auto script = conversation.get();
    FuzzedData data(script);
    const auto manners = data.byte() % 4;
    if (manners == 0) {
      peer.send_raw(data.rest());
      return;
    }
    if (manners == 1) {
      peer.greet(data.text());
    } else {
      peer.let_in();
      peer.read();
    }
    if (manners == 2) peer.send_raw(data.rest());
    while (!data.is_empty()) peer.send(data.text());
  });
  conversation.set(input);
  AdminOptions options;
  options.port = server.port();
  options.password = "a-password-that-nobody-may-see";
  attempt(ExitCode::proxysql, [&] {
    const auto session = open_admin_session(options);
    const auto answer = session->query("SELECT 1");
    for (const auto& row : answer.rows) require(row.size() == answer.columns.size(), "a row is as wide as its answer");
    return true;
  });
}

}  // namespace proxysql_consul::testing
