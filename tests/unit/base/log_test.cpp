#include "proxysql_consul/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using Json = nlohmann::json;

const Error failure(ExitCode::consul, "consul: GET x: 403", "grant it");

/// A logger and what it wrote.
struct Log {
  explicit Log(LogFormat format, spdlog::level::level_enum level = spdlog::level::debug)
      : logger(make_logger(stream, level, format)) {}

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream text(stream.str());
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
  /// The lines behind the time.
  std::vector<std::string> words() const {
    auto all = lines();
    for (auto& line : all) line.erase(0, line.find("Z ") + 2);
    return all;
  }
  std::vector<Json> objects() const {
    std::vector<Json> all;
    for (const auto& line : lines()) all.push_back(Json::parse(line));
    return all;
  }

  std::ostringstream stream;
  std::shared_ptr<spdlog::logger> logger;
};

void write_each_level(spdlog::logger& logger) {
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
}

TEST(Log, WritesALineOfTextWithItsTimeAndLevel) {
  Log log(LogFormat::text);
  log.logger->info("{}: {} rows", "mysql_users", 3);
  EXPECT_THAT(log.stream.str(), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z "
                                             "proxysql-consul: info: mysql_users: 3 rows\n"));
}

TEST(Log, WritesAnObjectALineWithItsTimeAndLevel) {
  Log log(LogFormat::json);
  log.logger->info("{}: {} rows", "mysql_users", 3);
  ASSERT_THAT(log.lines(), SizeIs(1));
  auto object = log.objects().front();
  EXPECT_THAT(object.at("time").get<std::string>(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"));
  object.erase("time");
  EXPECT_EQ(object, (Json{{"level", "info"}, {"message", "mysql_users: 3 rows"}}));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const struct {
    spdlog::level::level_enum level;
    std::size_t written;
  } cases[] = {{spdlog::level::debug, 4}, {spdlog::level::info, 3}, {spdlog::level::warn, 2}, {spdlog::level::err, 1}};
  for (const auto& [level, written] : cases) {
    for (const auto format : {LogFormat::text, LogFormat::json}) {
      Log log(format, level);
      write_each_level(*log.logger);
      EXPECT_THAT(log.lines(), SizeIs(written));
    }
  }
}

TEST(Log, CallsLevelsAlikeInBothForms) {
  Log text(LogFormat::text);
  write_each_level(*text.logger);
  EXPECT_THAT(text.words(), ElementsAre("proxysql-consul: debug: a", "proxysql-consul: info: b",
                                        "proxysql-consul: warning: c", "proxysql-consul: error: d"));
  Log json(LogFormat::json);
  write_each_level(*json.logger);
  std::vector<std::string> levels;
  for (const auto& object : json.objects()) levels.push_back(object.at("level"));
  EXPECT_THAT(levels, ElementsAre("debug", "info", "warning", "error"));
}

TEST(Log, KeepsAMessageOnItsLineAndFromTheTerminal) {
  const std::string hostile =
      "a\nb\tc\x1B[2Jd\x7F \xC2\x9B"
      "e";
  Log text(LogFormat::text);
  text.logger->info("{}", hostile);
  report(*text.logger, Error(ExitCode::usage, hostile, hostile), hostile);
  const std::string shown = "a b c [2Jd    e";
  EXPECT_THAT(text.words(), ElementsAre("proxysql-consul: info: " + shown,
                                        "proxysql-consul: error: " + shown + ": " + shown + " (" + shown + ")"));
  Log json(LogFormat::json);
  json.logger->info("{}", hostile);
  ASSERT_THAT(json.lines(), SizeIs(1));
  EXPECT_EQ(json.objects().front().at("message"), hostile) << "a collector gets it as it was";
}

TEST(Log, ShowsAMessageWhole) {
  const std::string umlaut = "\xC3\xA4";
  const auto message = std::string(5000, 'x') + umlaut;
  Log text(LogFormat::text);
  text.logger->info("{}", message);
  EXPECT_THAT(text.words(), ElementsAre("proxysql-consul: info: " + message));
}

TEST(Log, TakesWhatIsNoUtf8) {
  Log text(LogFormat::text);
  text.logger->info("\xFF!");
  EXPECT_THAT(text.words(), ElementsAre("proxysql-consul: info: ?!"));
  Log json(LogFormat::json);
  json.logger->info("\xFF\"\\");
  EXPECT_EQ(json.objects().at(0).at("message"), "\xEF\xBF\xBD\"\\");
}

TEST(Log, ReportsAnErrorWithItsHint) {
  Log log(LogFormat::text);
  report(*log.logger, failure);
  report(*log.logger, failure, "mysql_users");
  report(*log.logger, Error(ExitCode::usage, "no command is given"));
  EXPECT_THAT(log.words(), ElementsAre("proxysql-consul: error: consul: GET x: 403 (grant it)",
                                       "proxysql-consul: error: mysql_users: consul: GET x: 403 (grant it)",
                                       "proxysql-consul: error: no command is given"));
}

TEST(Log, ReportsAnErrorAsMembersThatNoOtherMessageHas) {
  Log log(LogFormat::json);
  log.logger->error("before");
  report(*log.logger, failure, "mysql_users");
  report(*log.logger, Error(ExitCode::usage, "no command is given"));
  log.logger->error("after");
  auto objects = log.objects();
  for (auto& object : objects) object.erase("time");
  EXPECT_THAT(
      objects,
      ElementsAre(
          Json{{"level", "error"}, {"message", "before"}},
          Json{{"level", "error"}, {"message", "mysql_users: consul: GET x: 403"}, {"code", 5}, {"hint", "grant it"}},
          Json{{"level", "error"}, {"message", "no command is given"}, {"code", 2}, {"hint", ""}},
          Json{{"level", "error"}, {"message", "after"}}));
}

TEST(Log, ReportsNothingBelowALevelAboveErrors) {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    Log log(format, spdlog::level::off);
    report(*log.logger, failure);
    EXPECT_THAT(log.lines(), IsEmpty());
  }
}

TEST(Log, FormatsAReportForATimeToCome) {
  const std::chrono::system_clock::time_point time(std::chrono::milliseconds(1'800'000'000'250));
  EXPECT_EQ(format_report(LogFormat::text, time, failure),
            "2027-01-15T08:00:00Z proxysql-consul: error: consul: GET x: 403 (grant it)\n");
  EXPECT_EQ(format_report(LogFormat::json, time, failure),
            R"({"time":"2027-01-15T08:00:00.250Z","level":"error","message":"consul: GET x: 403","code":5,)"
            R"("hint":"grant it"})"
            "\n");
}

}  // namespace
}  // namespace proxysql_consul
