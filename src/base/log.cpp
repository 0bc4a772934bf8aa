#include "proxysql_consul/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>

#include <nlohmann/json.hpp>

namespace proxysql_consul {
namespace {

/// The message as a JSON string: spdlog's patterns do not escape.
class JsonMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& into) override {
    const auto text = nlohmann::json(std::string(message.payload.data(), message.payload.size()))
                          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    into.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(std::ostream& stream, spdlog::level::level_enum level, LogFormat format) {
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(stream, true);
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == LogFormat::json) {
    formatter->add_flag<JsonMessage>('*').set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})");
  } else {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%SZ proxysql-consul: %l: %v");
  }
  sink->set_formatter(std::move(formatter));
  auto logger = std::make_shared<spdlog::logger>("proxysql-consul", std::move(sink));
  logger->set_level(level);
  return logger;
}

void report(spdlog::logger& log, const Error& error, const std::string& about) {
  auto text = about.empty() ? std::string(error.what()) : about + ": " + error.what();
  if (!error.hint().empty()) text += " (" + error.hint() + ")";
  log.error("{}", text);
}

}  // namespace proxysql_consul
