#include "proxysql_consul/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

constexpr auto json_form = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})";
constexpr auto text_form = "%Y-%m-%dT%H:%M:%SZ proxysql-consul: %l: %*";

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The message without what would end its line or command a terminal.
class TextMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& into) override {
    const auto text = printable({message.payload.data(), message.payload.size()}, message.payload.size());
    into.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<TextMessage>(); }
};

/// The message as a JSON string, since spdlog's patterns do not escape; and the members that `more` has at that time.
class JsonMessage : public spdlog::custom_flag_formatter {
 public:
  explicit JsonMessage(std::shared_ptr<const std::string> more) : more_(std::move(more)) {}
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& into) override {
    const auto text = json_string({message.payload.data(), message.payload.size()}) + *more_;
    into.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(more_); }

 private:
  std::shared_ptr<const std::string> more_;
};

std::string json_members(const Error& error) {
  return ",\"code\":" + std::to_string(static_cast<int>(error.code())) + ",\"hint\":" + json_string(error.hint());
}

std::string with_hint(std::string text, const Error& error) {
  return error.hint().empty() ? text : std::move(text) + " (" + error.hint() + ")";
}

std::unique_ptr<spdlog::pattern_formatter> make_formatter(LogFormat format, std::shared_ptr<const std::string> more) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == LogFormat::json) {
    formatter->add_flag<JsonMessage>('*', std::move(more)).set_pattern(json_form);
  } else {
    formatter->add_flag<TextMessage>('*').set_pattern(text_form);
  }
  return formatter;
}

/// Writes JSON, an error's with more members than others have.
class JsonLogger : public spdlog::logger {
 public:
  JsonLogger(spdlog::sink_ptr sink, std::shared_ptr<std::string> more)
      : spdlog::logger("proxysql-consul", std::move(sink)), more_(std::move(more)) {}

  void report(const std::string& text, const Error& failure) {
    *more_ = json_members(failure);
    error("{}", text);
    more_->clear();
  }

 private:
  std::shared_ptr<std::string> more_;
};

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(std::ostream& stream, spdlog::level::level_enum level, LogFormat format) {
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(stream, true);
  const auto more = std::make_shared<std::string>();
  sink->set_formatter(make_formatter(format, more));
  auto logger = format == LogFormat::json ? std::make_shared<JsonLogger>(std::move(sink), more)
                                          : std::make_shared<spdlog::logger>("proxysql-consul", std::move(sink));
  logger->set_level(level);
  return logger;
}

void report(spdlog::logger& log, const Error& error, const std::string& about) {
  const auto text = about.empty() ? std::string(error.what()) : about + ": " + error.what();
  if (auto* json = dynamic_cast<JsonLogger*>(&log)) {
    json->report(text, error);
  } else {
    log.error("{}", with_hint(text, error));
  }
}

std::string format_report(LogFormat format, std::chrono::system_clock::time_point time, const Error& error) {
  const bool is_json = format == LogFormat::json;
  const auto more = std::make_shared<std::string>(is_json ? json_members(error) : "");
  const auto text = is_json ? std::string(error.what()) : with_hint(error.what(), error);
  spdlog::memory_buf_t line;
  make_formatter(format, more)->format({time, {}, "", spdlog::level::err, text}, line);
  return {line.data(), line.size()};
}

}  // namespace proxysql_consul
