// The rules of the house (docs/hacking.md), held against the sources themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::UnorderedElementsAre;
using Names = std::set<std::string>;

const std::filesystem::path root = PROJECT_SOURCE_PATH;

/// From the ground up: a room may include its own headers and those of lower floors.
const std::map<std::string, int>& floors() {
  static const std::map<std::string, int> all = {{"base", 0}, {"model", 1}, {"proxysql", 2}, {"consul", 2},
                                                 {"node", 3}, {"cli", 4},   {"commands", 5}, {"run", 6}};
  return all;
}

/// The files of a folder, by their path from the root, without comments.
std::map<std::string, std::string> read_sources(const std::vector<std::string>& folders) {
  std::map<std::string, std::string> files;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const auto name = std::filesystem::relative(entry.path(), root).string();
      files[name] = std::regex_replace(read_file(entry.path()), std::regex("(^|\\s)//[^\n]*"), "$1");
    }
  }
  return files;
}

const std::map<std::string, std::string>& sources() {
  static const auto all = read_sources({"src", "include"});
  return all;
}

/// The room of "src/model/table.cpp", of "include/proxysql_consul/model/table.h", or of "model/table.h"; "run" for what
/// stands above them all.
std::string room_of(std::string path) {
  for (const std::string top : {"src/", "include/proxysql_consul/"}) {
    if (path.starts_with(top)) path = path.substr(top.size());
  }
  const auto slash = path.find('/');
  return slash == std::string::npos ? "run" : path.substr(0, slash);
}

/// The files in which `pattern` is found.
Names files_with(const std::string& pattern) {
  const std::regex regex(pattern);
  Names found;
  for (const auto& [name, text] : sources()) {
    if (std::regex_search(text, regex)) found.insert(name);
  }
  return found;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

std::string includes(const std::string& header) { return "#include *[<\"][^>\"\n]*" + header + "[>\"]"; }

TEST(Architecture, ReadsTheSources) {
  EXPECT_GT(sources().size(), 40U);
  EXPECT_THAT(files_with("int main\\("), ElementsAre("src/main.cpp"));
}

TEST(Architecture, HasARoomForEachFile) {
  for (const auto& [name, text] : sources()) {
    EXPECT_TRUE(floors().contains(room_of(name))) << name << " lies in no room: docs/hacking.md has the map";
    const bool is_header = name.ends_with(".h");
    EXPECT_EQ(is_header, name.starts_with("include/"))
        << name << ": headers are under include/proxysql_consul/<room>/, sources under src/<room>/";
    if (room_of(name) == "run") {
      EXPECT_THAT(name, ::testing::AnyOf("src/run.cpp", "src/main.cpp", "include/proxysql_consul/run.h"))
          << "only run and main stand outside the rooms";
    }
  }
}

TEST(Architecture, IncludesOnlyDownwards) {
  for (const auto& [name, text] : sources()) {
    const auto room = room_of(name);
    for (const auto& header : matches(text, "# *include *(?:\"|<(?=proxysql_consul/))([^\">]*)")) {
      ASSERT_TRUE(header.starts_with("proxysql_consul/"))
          << name << " includes " << header << ": write it as proxysql_consul/<room>/<name>.h";
      const auto other = room_of(header.substr(std::string("proxysql_consul/").size()));
      ASSERT_TRUE(floors().contains(other)) << name << " includes " << header << ", which is in no room";
      const bool is_allowed = other == room || floors().at(other) < floors().at(room);
      EXPECT_TRUE(is_allowed) << name << " includes " << header << ": " << room << " must not know " << other
                              << (floors().at(other) == floors().at(room)
                                      ? ". What both sides need belongs into model; what joins the two, into node"
                                      : ". What " + room + " needs of it belongs into " + room +
                                            " or below; what uses it, into " + other + " or above");
    }
  }
}

TEST(Architecture, HasOneOwnerForEachLibrary) {
  const struct {
    const char* header;
    Names owners;
  } cases[] = {
      {"mysql\\.h", {"src/proxysql/mysql_admin_session.cpp", "src/proxysql/mysql_login.cpp"}},
      {"curl\\.h", {"src/consul/curl_http.cpp"}},
      {"cxxopts\\.hpp", {"src/cli/parse.cpp"}},
      {"sodium\\.h", {"src/base/crypto.cpp"}},
      {"zlib\\.h", {"src/base/gzip.cpp"}},
      {"uuid\\.h", {"src/node/identity.cpp"}},
      {"sqlite3\\.h", {}},
  };
  for (const auto& [header, owners] : cases) {
    SCOPED_TRACE(header);
    EXPECT_EQ(files_with(includes(header)), owners);
  }
  // JSON is read and written by the parsers alone.
  const Names parsers = {"include/proxysql_consul/model/document_scan.h",
                         "src/base/log.cpp",
                         "src/consul/agents_json.cpp",
                         "src/consul/kv_json.cpp",
                         "src/model/difference_list.cpp",
                         "src/model/document.cpp",
                         "src/model/findings.cpp",
                         "src/model/freeze.cpp",
                         "src/model/json_numbers.cpp",
                         "src/model/node_record.cpp",
                         "src/model/seen_json.cpp",
                         "src/model/state_json.cpp",
                         "src/model/version_list.cpp",
                         "src/model/status_json.cpp",
                         "src/node/keep_local.cpp",
                         "src/node/settings.cpp",
                         "src/node/settings_catalogue.cpp",
                         "src/node/settings_json.cpp"};
  EXPECT_THAT(files_with(includes("json\\.hpp")), IsSubsetOf(parsers));
}

/// Those that touch the world; all others get it handed in.
const Names& workers() {
  static const Names names = {
      "src/base/clock.cpp",
      "src/base/files.cpp",
      "src/base/log.cpp",
      "src/base/notify.cpp",
      "src/proxysql/mysql_admin_session.cpp",
      "src/proxysql/mysql_login.cpp",
      "src/node/identity.cpp",
      "src/consul/curl_http.cpp",
      "src/main.cpp",
  };
  return names;
}

TEST(Architecture, TouchesTheWorldInFewPlaces) {
  const auto found = files_with(
      "#include "
      "*<(fstream|filesystem|cstdio|iostream|thread|random|unistd\\.h|fcntl\\.h|signal\\.h|csignal|sys/[a-z]+\\."
      "h|mysql\\.h|curl/[a-z]+\\.h|uuid/[a-z]+\\.h|spdlog/(sinks|pattern)[^>]*)>|(system|steady)_clock::now\\(");
  for (const auto& name : found) {
    EXPECT_TRUE(workers().contains(name)) << name
                                          << " touches the operating system: that belongs into base/files, "
                                             "base/clock, base/log, an adapter, node/identity or main.cpp";
  }
}

TEST(Architecture, KeepsThePureModulesPure) {
  const struct {
    const char* what;
    const char* pattern;
  } forbidden[] = {
      {"streams", "#include *<(iostream|istream|ostream)>"},
      {"a clock", "_clock|#include *<(chrono|ctime|time\\.h|thread)>|time\\(nullptr|base/(clock|patience)\\.h"},
      {"the environment", "getenv"},
      {"logging", "spdlog|base/log\\.h"},
      {"files", "base/files\\.h"},
      {"randomness", "#include *<random>"},
      {"an interface to a server", "admin_session\\.h|kv_store\\.h"},
  };
  Names pure = {"src/base/text.cpp", "src/base/crypto.cpp", "src/base/gzip.cpp"};
  for (const auto& [name, text] : sources()) {
    if (room_of(name) == "model") pure.insert(name);
  }
  for (const std::string module : {"proxysql/scramble", "proxysql/sql", "proxysql/apply_plan", "consul/kv_json"}) {
    for (const auto& name : {"src/" + module + ".cpp", "include/proxysql_consul/" + module + ".h"}) {
      ASSERT_TRUE(sources().contains(name)) << name;
      pure.insert(name);
    }
  }
  for (const auto& name : pure) {
    ASSERT_TRUE(sources().contains(name)) << name;
    for (const auto& [what, pattern] : forbidden) {
      EXPECT_FALSE(std::regex_search(sources().at(name), std::regex(pattern)))
          << name << " knows " << what << ", but is pure: text in, text out. Hand it in, or move the line up";
    }
  }
}

TEST(Architecture, LetsTheUseCasesKnowNoAdapter) {
  EXPECT_THAT(files_with("open_admin_session"),
              UnorderedElementsAre("include/proxysql_consul/proxysql/admin_session.h", "src/main.cpp",
                                   "src/proxysql/mysql_admin_session.cpp"));
  EXPECT_THAT(files_with("open_consul_agents"), UnorderedElementsAre("include/proxysql_consul/consul/agents.h",
                                                                     "src/main.cpp", "src/consul/curl_agents.cpp"));
  EXPECT_THAT(files_with("open_kv_store"), UnorderedElementsAre("include/proxysql_consul/consul/kv_store.h",
                                                                "src/main.cpp", "src/consul/curl_kv.cpp"));
}

TEST(Architecture, BuildsConsulsKeysInOnePlace) {
  EXPECT_THAT(files_with("\"[^\"\n ]*(history/|blob/|node/|-meta/|freeze)\""),
              IsSubsetOf(Names{"src/model/keys.cpp", "src/commands/freeze.cpp"}));
}

TEST(Architecture, ListsEveryCommand) {
  const auto& list = sources().at("src/commands/commands.cpp");
  for (const auto& entry : std::filesystem::directory_iterator(root / "src/commands")) {
    const auto name = entry.path().stem().string();
    if (name == "commands") continue;
    EXPECT_NE(list.find(name + "_command()"), std::string::npos)
        << entry.path() << " is dispatched by nobody: add " << name << "_command() to src/commands/commands.cpp";
  }
}

TEST(Architecture, ReadsTheEnvironmentInMainAlone) { EXPECT_THAT(files_with("getenv"), ElementsAre("src/main.cpp")); }

TEST(Architecture, StartsNoProgramsAndEndsInMainAlone) {
  EXPECT_THAT(files_with("\\b(system|popen|execv[pe]*|execl[pe]*|fork|vfork|posix_spawnp?)\\("), IsEmpty());
  EXPECT_THAT(files_with("\\b(_exit|exit|quick_exit|abort|terminate)\\("), ElementsAre("src/main.cpp"));
}

TEST(Architecture, ChangesNoGlobalStateOfTheProcess) {
  EXPECT_THAT(files_with("\\b(setenv|putenv|chdir|umask|srand)\\("), IsEmpty());
  EXPECT_THAT(files_with("using namespace std"), IsEmpty());
  for (const auto& [name, text] : sources()) {
    const bool is_main = name == "src/main.cpp";
    EXPECT_TRUE(is_main || text.find("namespace proxysql_consul {") != std::string::npos)
        << name << " is not in namespace proxysql_consul";
  }
}

TEST(Architecture, QuotesForSqliteNotForMysql) { EXPECT_THAT(files_with("mysql_(real_)?escape_string"), IsEmpty()); }

TEST(Architecture, KeepsRoomsSmall) {
  for (const auto& [name, text] : read_sources({"src", "include", "tests"})) {
    if (!name.ends_with(".cpp") && !name.ends_with(".h")) continue;
    const auto limit = name.starts_with("tests/") ? 700 : 350;
    const auto lines = std::count(text.begin(), text.end(), '\n');
    EXPECT_LE(lines, limit) << name << ": does it still have one subject?";
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
