// An AdminSession over the stand-in's engine in the same process, so that the use cases can be tested without a
// network. Planned faults end the session as a lost connection would, and so does a restart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "standin/standin_engine.h"

namespace proxysql_consul::testing {

class StandinSession : public AdminSession {
 public:
  /// The engine must outlive the session.
  explicit StandinSession(StandinEngine& engine) : engine_(engine), start_(engine.starts()) {}

  void stream(std::string_view statement, RowSink& sink) override {
    if (lost_) throw Unavailable(ExitCode::proxysql, "proxysql stand-in: connection lost");
    Answer answer = engine_.execute(statement, Role::admin, start_);
    if (answer.fault != Fault::none && answer.fault != Fault::fail) {
      lost_ = true;
      throw Unavailable(ExitCode::proxysql, "proxysql stand-in: connection lost");
    }
    // Who asks for a restart by a STANDIN statement keeps the connection.
    start_ = answer.start;
    if (answer.error_code == 1205) throw Unavailable(ExitCode::proxysql, answer.error);
    if (!answer.ok) throw Error(ExitCode::proxysql, answer.error);
    if (answer.columns.empty()) return;
    sink.begin(answer.columns);
    for (const auto& row : answer.rows) sink.add(std::vector<CellView>(row.begin(), row.end()));
  }

 private:
  StandinEngine& engine_;
  unsigned start_;
  bool lost_ = false;
};

}  // namespace proxysql_consul::testing
