#include "proxysql_consul/proxysql/logged_session.h"

#include <string>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

struct CountingSink : RowSink {
  explicit CountingSink(RowSink& to) : sink(to) {}

  void begin(const std::vector<std::string>& columns) override { sink.begin(columns); }
  void add(std::span<const CellView> cells) override {
    ++rows;
    sink.add(cells);
  }

  RowSink& sink;
  std::size_t rows = 0;
};

class LoggedSession : public AdminSession {
 public:
  LoggedSession(std::unique_ptr<AdminSession> session, Clock& clock, spdlog::logger& log)
      : session_(std::move(session)), clock_(clock), log_(log) {}

  void stream(std::string_view statement, RowSink& sink) override {
    const auto start = clock_.steady();
    const auto log = [&](const std::string& result) {
      const std::chrono::duration<double, std::milli> took = clock_.steady() - start;
      log_.debug("proxysql: {}: {}, {:.1f} ms, {} bytes", first_words(statement), result, took.count(),
                 statement.size());
    };
    CountingSink counting(sink);
    try {
      session_->stream(statement, counting);
      log(std::to_string(counting.rows) + " rows");
    } catch (const Error&) {
      log("failed");
      throw;
    }
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
