#include "proxysql_consul/base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/identity.h"
#include "support/process.h"

namespace proxysql_consul {
namespace {

SystemClock clock;

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempDir;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::settings);
    return error.what();
  }
  return "nothing was thrown";
}

std::set<std::string> names_in(const TempDir& dir) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) names.insert(entry.path().filename());
  return names;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

/// Runs `child` in processes of their own and returns their exit statuses.
std::vector<int> in_processes(int count, const std::function<int()>& child) {
  std::vector<pid_t> pids;
  for (int i = 0; i < count; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      int status = 99;
      try {
        status = child();
      } catch (const std::exception&) {
        status = 98;
      }
      _exit(status);
    }
    pids.push_back(pid);
  }
  std::vector<int> statuses;
  for (const pid_t pid : pids) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    statuses.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  return statuses;
}

TEST(Files, ReadNothingWhereThereIsNone) {
  TempDir dir;
  EXPECT_EQ(read_file(dir.file("none")), std::nullopt);
  testing::write_file(dir.file("empty"), "");
  EXPECT_EQ(read_file(dir.file("empty")), "");
  const std::string large(100'000, '\0');
  testing::write_file(dir.file("large"), large);
  EXPECT_EQ(read_file(dir.file("large")), large);
}

TEST(Files, SayWhoCouldNotDoWhatAndWhy) {
  TempDir dir;
  testing::write_file(dir.file("file"), "x");
  const auto below = dir.file("file") + "/below";
  const auto as = std::string(": Not a directory");
  const struct {
    const char* doing;
    std::function<void()> action;
  } cases[] = {
      {"open", [&] { read_file(below); }},
      {"create", [&] { write_file(below, "x"); }},
      {"create", [&] { create_file(below, "x"); }},
      {"open the lock", [&] { FileLock lock(below, std::chrono::milliseconds(0), clock); }},
  };
  for (const auto& [doing, action] : cases) {
    SCOPED_TRACE(doing);
    EXPECT_THAT(error_of(action), AllOf(StartsWith(below + ": " + doing + " as user "), EndsWith(as)));
  }
  EXPECT_THAT(error_of([&] { read_file(dir.path().string()); }), EndsWith(": Is a directory"));
  try {
    write_file(dir.file("none/file"), "x");
    ADD_FAILURE() << "was written";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), EndsWith(": No such file or directory"));
    EXPECT_EQ(error.hint(), "make the directory " + dir.file("none"));
  }
}

TEST(Files, AreReplacedWhole) {
  TempDir dir;
  const auto path = dir.file("f");
  const std::vector<std::string> contents = {std::string(200'000, 'a'), std::string(300'000, 'b')};
  write_file(path, contents[0]);
  const pid_t writer = fork();
  if (writer == 0) {
    for (int i = 0; i < 60; ++i) write_file(path, contents[static_cast<std::size_t>(i % 2)]);
    _exit(0);
  }
  int status = 0;
  std::size_t readings = 0;
  while (waitpid(writer, &status, WNOHANG) == 0) {
    const auto content = read_file(path);
    ASSERT_TRUE(content == contents[0] || content == contents[1]) << "a part of a file was seen";
    ++readings;
  }
  EXPECT_GT(readings, 0U);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(names_in(dir), std::set<std::string>{"f"}) << "temporary files were left";
}

TEST(Files, StandAsTheyWereWhereAWriteFails) {
  TempDir dir;
  std::filesystem::create_directory(dir.file("f"));
  testing::write_file(dir.file("f") + "/inside", "x");
  EXPECT_THAT(error_of([&] { write_file(dir.file("f"), "new"); }), HasSubstr(": replace as user "));
  EXPECT_EQ(testing::read_file(dir.file("f") + "/inside"), "x");
  EXPECT_EQ(names_in(dir), std::set<std::string>{"f"});
}

TEST(Files, AreForOwnerAndGroup) {
  TempDir dir;
  write_file(dir.file("a"), "x");
  create_file(dir.file("b"), "x");
  const FileLock lock(dir.file("c"), std::chrono::milliseconds(0), clock);
  for (const std::string name : {"a", "b", "c"}) EXPECT_EQ(mode_of(dir.file(name)), mode_t{0660}) << name;
}

TEST(Files, AreCreatedOnce) {
  TempDir dir;
  create_file(dir.file("f"), "first");
  create_file(dir.file("f"), "second");
  EXPECT_EQ(read_file(dir.file("f")), "first");
  EXPECT_EQ(names_in(dir), std::set<std::string>{"f"});
}

TEST(Files, OneOfManyProcessesCreates) {
  TempDir dir;
  for (int round = 0; round < 5; ++round) {
    const auto path = dir.file("f" + std::to_string(round));
    const auto statuses = in_processes(12, [&] {
      create_file(path, std::to_string(getpid()));
      const auto seen = read_file(path);
      // What one has seen once stays.
      for (int i = 0; i < 20; ++i) {
        if (!seen || seen->empty() || read_file(path) != seen) return 1;
      }
      return 0;
    });
    EXPECT_THAT(statuses, ::testing::Each(0));
  }
}

TEST(Files, SecretsLoseTheWhiteSpaceAtTheirEnd) {
  TempDir dir;
  testing::write_file(dir.file("s"), " a b \r\n\n");
  EXPECT_EQ(read_secret(dir.file("s")), " a b");
  testing::write_file(dir.file("s"), "\n");
  EXPECT_EQ(error_of([&] { read_secret(dir.file("s")); }), dir.file("s") + ": is empty");
  EXPECT_EQ(error_of([&] { read_secret(dir.file("none")); }), dir.file("none") + ": no such file");
}

TEST(Files, LockIsHeldByOneProcessAndNamesIt) {
  TempDir dir;
  const auto path = dir.file("lock");
  const FileLock lock(path, std::chrono::milliseconds(0), clock);
  const auto expected = path + ": another proxysql-consul (pid " + std::to_string(getpid()) + ") still holds it";
  // flock() belongs to the opened file, so a child that opens it anew is kept out, as another program is.
  const auto statuses = in_processes(3, [&] {
    try {
      const FileLock second(path, std::chrono::milliseconds(20), clock);
      return 1;
    } catch (const Error& error) {
      return error.what() == expected ? 0 : 2;
    }
  });
  EXPECT_THAT(statuses, ::testing::Each(0));
}

TEST(Files, LockKeepsManyProcessesApart) {
  TempDir dir;
  testing::write_file(dir.file("count"), "0");
  constexpr int processes = 8;
  constexpr int turns = 10;
  const auto statuses = in_processes(processes, [&] {
    for (int i = 0; i < turns; ++i) {
      const FileLock lock(dir.file("lock"), std::chrono::seconds(60), clock);
      const auto count = std::stoi(*read_file(dir.file("count")));
      write_file(dir.file("count"), std::to_string(count + 1));
    }
    return 0;
  });
  EXPECT_THAT(statuses, ::testing::Each(0));
  EXPECT_EQ(read_file(dir.file("count")), std::to_string(processes * turns));
}

TEST(Files, LockIsFreeOnceItsProcessIsGone) {
  TempDir dir;
  const auto statuses = in_processes(1, [&] {
    const FileLock lock(dir.file("lock"), std::chrono::milliseconds(0), clock);
    _exit(0);  // without the destructor, as a kill would
    return 1;
  });
  EXPECT_THAT(statuses, ::testing::Each(0));
  const FileLock lock(dir.file("lock"), std::chrono::milliseconds(0), clock);
  EXPECT_EQ(read_file(dir.file("lock")), std::to_string(getpid()));
}

TEST(Identity, KnowsUuids) {
  const struct {
    const char* text;
    bool is;
  } cases[] = {
      {"aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11", true},
      {"AAE13ABD-0A3C-4C2E-9C25-1F0D6F4E8B11", true},
      {"", false},
      {"aae13abd0a3c4c2e9c251f0d6f4e8b11", false},
      {"aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b1g", false},
      {"aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b1", false},
      {"aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11 ", false},
      {"{aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b}", false},
  };
  for (const auto& [text, is] : cases) EXPECT_EQ(is_uuid(text), is) << text;
}

TEST(Identity, IsMadeOnceAndKept) {
  TempDir dir;
  const auto uuid = load_uuid(dir.file("uuid"));
  EXPECT_TRUE(is_uuid(uuid));
  EXPECT_EQ(uuid[14], '4') << "version 4";
  EXPECT_EQ(load_uuid(dir.file("uuid")), uuid);
  EXPECT_EQ(read_file(dir.file("uuid")), uuid + "\n");
  EXPECT_NE(load_uuid(dir.file("other")), uuid);
}

TEST(Identity, TakesTheFileOf2016) {
  TempDir dir;
  for (const std::string end : {"", "\n", " \r\n"}) {
    testing::write_file(dir.file("uuid"), "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11" + end);
    EXPECT_EQ(load_uuid(dir.file("uuid")), "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11");
  }
}

TEST(Identity, IsTheSameForAllFirstRuns) {
  TempDir dir;
  const auto path = dir.file("uuid");
  const auto statuses = in_processes(12, [&] {
    const auto uuid = load_uuid(path);
    return read_file(path) == uuid + "\n" && load_uuid(path) == uuid ? 0 : 1;
  });
  EXPECT_THAT(statuses, ::testing::Each(0));
}

TEST(Identity, RefusesWhatIsNoUuidAndLeavesItThere) {
  TempDir dir;
  const struct {
    const char* content;
    const char* why;
  } cases[] = {{"", ": is empty"},
               {" \n", ": is empty"},
               {"hello", ": holds no UUID"},
               {"aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11\nx", ": holds no UUID"}};
  for (const auto& [content, why] : cases) {
    testing::write_file(dir.file("uuid"), content);
    EXPECT_EQ(error_of([&] { load_uuid(dir.file("uuid")); }), dir.file("uuid") + why);
    EXPECT_EQ(read_file(dir.file("uuid")), content);
  }
}

}  // namespace
}  // namespace proxysql_consul
