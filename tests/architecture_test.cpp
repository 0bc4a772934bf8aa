// The rules of the layout, held against the sources themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Names = std::set<std::string>;

const std::filesystem::path root = PROJECT_SOURCE_PATH;

/// The files of src and include, by their path from the root, without comments.
const std::map<std::string, std::string>& sources() {
  static const auto all = [] {
    std::map<std::string, std::string> files;
    for (const std::string folder : {"src", "include"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
        if (!entry.is_regular_file()) continue;
        const auto name = std::filesystem::relative(entry.path(), root).string();
        files[name] = std::regex_replace(read_file(entry.path()), std::regex("(^|\\s)//[^\n]*"), "$1");
      }
    }
    return files;
  }();
  return all;
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

std::string includes(const std::string& header) { return "#include *[<\"][^>\"\n]*" + header + "[>\"]"; }

TEST(Architecture, ReadsTheSources) {
  EXPECT_GT(sources().size(), 40U);
  EXPECT_THAT(files_with("int main\\("), ElementsAre("src/main.cpp"));
}

TEST(Architecture, HasOneOwnerForEachLibrary) {
  const struct {
    const char* header;
    Names owners;
  } cases[] = {
      {"mysql\\.h", {"src/mysql_admin_session.cpp"}},
      {"curl\\.h", {"src/consul_kv_store.cpp"}},
      {"cxxopts\\.hpp", {"src/cli.cpp"}},
      {"sodium\\.h", {"src/encoding.cpp"}},
      {"zlib\\.h", {"src/encoding.cpp"}},
      {"uuid\\.h", {"src/identity.cpp"}},
      {"sqlite3\\.h", {}},
      {"json\\.hpp", {"src/document.cpp", "src/kv_entries.cpp", "src/log.cpp", "src/settings.cpp", "src/state.cpp"}},
  };
  for (const auto& [header, owners] : cases) {
    SCOPED_TRACE(header);
    EXPECT_EQ(files_with(includes(header)), owners);
  }
}

TEST(Architecture, ShowsNothingOfSrcInItsHeaders) {
  for (const auto& [name, text] : sources()) {
    if (!name.starts_with("include/")) continue;
    const std::regex local("#include *\"([^\"]*)\"");
    for (std::sregex_iterator at(text.begin(), text.end(), local), end; at != end; ++at) {
      EXPECT_TRUE((*at)[1].str().starts_with("proxysql_consul/")) << name << " includes " << (*at)[1];
    }
  }
}

TEST(Architecture, KeepsThePureModulesPure) {
  const struct {
    const char* what;
    const char* pattern;
  } forbidden[] = {
      {"files", "#include *<(fstream|filesystem|cstdio|unistd\\.h|fcntl\\.h|sys/[a-z]+\\.h)>"},
      {"streams", "#include *<(iostream|istream|ostream)>"},
      {"a clock", "_clock|#include *<(chrono|ctime|time\\.h|thread)>|time\\(nullptr"},
      {"the environment", "getenv"},
      {"logging", "spdlog"},
      {"randomness", "#include *<random>"},
      {"an adapter or a use case",
       "#include *\"proxysql_consul/"
       "(admin_session|kv_store|server|apply|commands|run|cli|files|identity|log|settings)\\.h\""},
  };
  for (const std::string module :
       {"table", "catalogue", "document", "kv_entries", "sql", "plan", "normalise", "text", "encoding", "state"}) {
    for (const auto& name : {"src/" + module + ".cpp", "include/proxysql_consul/" + module + ".h"}) {
      const auto found = sources().find(name);
      ASSERT_NE(found, sources().end()) << name;
      for (const auto& [what, pattern] : forbidden) {
        EXPECT_FALSE(std::regex_search(found->second, std::regex(pattern))) << name << " knows " << what;
      }
    }
  }
}

TEST(Architecture, LetsTheUseCasesKnowNoAdapter) {
  EXPECT_THAT(files_with("open_admin_session"), UnorderedElementsAre("include/proxysql_consul/admin_session.h",
                                                                     "src/main.cpp", "src/mysql_admin_session.cpp"));
  EXPECT_THAT(files_with("open_kv_store"),
              UnorderedElementsAre("include/proxysql_consul/kv_store.h", "src/main.cpp", "src/consul_kv_store.cpp"));
}

TEST(Architecture, ReadsTheEnvironmentInMainAlone) { EXPECT_THAT(files_with("getenv"), ElementsAre("src/main.cpp")); }

TEST(Architecture, StartsNoProgramsAndEndsInMainAlone) {
  EXPECT_THAT(files_with("\\b(system|popen|execv[pe]*|execl[pe]*|fork|vfork|posix_spawnp?)\\("), IsEmpty());
  EXPECT_THAT(files_with("\\b(_exit|exit|quick_exit|abort|terminate)\\("), ElementsAre("src/main.cpp"));
}

TEST(Architecture, ChangesNoGlobalStateOfTheProcess) {
  EXPECT_THAT(files_with("\\b(setenv|putenv|chdir|umask|srand)\\("), IsEmpty());
  EXPECT_THAT(files_with("using namespace std"), IsEmpty());
}

TEST(Architecture, QuotesForSqliteNotForMysql) { EXPECT_THAT(files_with("mysql_(real_)?escape_string"), IsEmpty()); }

}  // namespace
}  // namespace proxysql_consul::testing
