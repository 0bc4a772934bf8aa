#include "proxysql_consul/proxysql/logged_session.h"

#include <string>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

class LoggedSession : public AdminSession {
 public:
  LoggedSession(std::unique_ptr<AdminSession> session, Clock& clock, spdlog::logger& log)
      : session_(std::move(session)), clock_(clock), log_(log) {}

  QueryResult query(std::string_view statement) override {
    const auto start = clock_.steady();
    auto answer = session_->query(statement);
    const std::chrono::duration<double, std::milli> took = clock_.steady() - start;
    log_.debug("proxysql: {}: {} rows, {:.1f} ms, {} bytes", first_words(statement), answer.rows.size(), took.count(),
               statement.size());
    return answer;
  }

 private:
  std::unique_ptr<AdminSession> session_;
  Clock& clock_;
  spdlog::logger& log_;
};

}  // namespace

std::unique_ptr<AdminSession> log_statements(std::unique_ptr<AdminSession> session, Clock& clock, spdlog::logger& log) {
  if (!log.should_log(spdlog::level::debug)) return session;
  return std::make_unique<LoggedSession>(std::move(session), clock, log);
}

}  // namespace proxysql_consul
