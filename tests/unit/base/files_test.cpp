#include "proxysql_consul/base/files.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/identity.h"
#include "support/fake_clock.h"
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

std::string hint_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.hint();
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

TEST(Files, AreNotReadWithoutEnd) {
  TempDir dir;
  testing::write_file(dir.file("huge"), std::string((std::size_t{8} << 20) + 1, '0'));
  for (const auto& path : {dir.file("huge"), std::string("/dev/zero")}) {
    EXPECT_EQ(error_of([&] { read_file(path, Links::follow); }), path + ": has more than 8388608 bytes");
  }
  EXPECT_EQ(error_of([] { read_secret("/dev/zero"); }), "/dev/zero: has more than 8388608 bytes");
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

TEST(Files, AreNeverReadThroughALink) {
  TempDir dir;
  testing::write_file(dir.file("target"), "secret");
  std::filesystem::create_symlink(dir.file("target"), dir.file("link"));
  std::filesystem::create_symlink(dir.file("none"), dir.file("dangling"));
  std::filesystem::create_directory(dir.file("directory"));
  ASSERT_EQ(mkfifo(dir.file("pipe").c_str(), 0600), 0);
  const struct {
    const char* name;
    const char* error;
    const char* hint;
  } cases[] = {
      {"link", ": is a symbolic link, which is never followed here",
       "put the file itself there, or name in the settings what it leads to"},
      {"dangling", ": is a symbolic link, which is never followed here",
       "put the file itself there, or name in the settings what it leads to"},
      {"directory", ": is no regular file", "see who put it there, and remove it: the next run makes a new one"},
      {"pipe", ": is no regular file", "see who put it there, and remove it: the next run makes a new one"},
  };
  for (const auto& [name, error, hint] : cases) {
    const auto path = dir.file(name);
    EXPECT_EQ(error_of([&] { read_file(path); }), path + error);
    EXPECT_EQ(hint_of([&] { read_file(path); }), hint) << name;
    EXPECT_EQ(error_of([&] { load_uuid(path); }), path + error);
  }
  EXPECT_EQ(read_file(dir.file("link"), Links::follow), "secret") << "an operator may link what the settings name";
  EXPECT_EQ(read_secret(dir.file("link")), "secret");
  EXPECT_EQ(read_file(dir.file("dangling"), Links::follow), std::nullopt);
}

TEST(Files, AreWrittenInPlaceOfALink) {
  TempDir dir;
  testing::write_file(dir.file("target"), "theirs");
  std::filesystem::create_symlink(dir.file("target"), dir.file("a"));
  std::filesystem::create_symlink(dir.file("target"), dir.file("b"));
  write_file(dir.file("a"), "ours");
  EXPECT_FALSE(std::filesystem::is_symlink(dir.file("a")));
  EXPECT_EQ(read_file(dir.file("a")), "ours");
  create_file(dir.file("b"), "ours");
  EXPECT_TRUE(std::filesystem::is_symlink(dir.file("b"))) << "there was a file of that name";
  EXPECT_EQ(testing::read_file(dir.file("target")), "theirs");
}

TEST(Files, LockTouchesNothingThatNoRunHasMade) {
  TempDir dir;
  const auto path = dir.file("lock");
  const auto victim = dir.file("victim");
  const struct {
    const char* what;
    std::function<void()> prepare;
    const char* error;
  } cases[] = {
      {"symbolic link", [&] { std::filesystem::create_symlink(victim, path); },
       ": is a symbolic link, which is never followed here"},
      {"dangling link", [&] { std::filesystem::create_symlink(dir.file("none"), path); },
       ": is a symbolic link, which is never followed here"},
      {"hard link", [&] { std::filesystem::create_hard_link(victim, path); }, ": has a second name (a hard link)"},
      {"pipe", [&] { ASSERT_EQ(mkfifo(path.c_str(), 0600), 0); }, ": is no regular file"},
      {"another's file", [&] { std::filesystem::rename(victim, path); }, ": is no lock file of proxysql-consul"},
      {"a long file", [&] { testing::write_file(path, std::string(21, '1')); }, ": is no lock file of proxysql-consul"},
  };
  for (const auto& [what, prepare, error] : cases) {
    SCOPED_TRACE(what);
    std::filesystem::remove(path);
    std::filesystem::remove(victim);
    testing::write_file(victim, "12 theirs");
    std::filesystem::permissions(victim, std::filesystem::perms::owner_read);
    prepare();
    const auto lock = [&] { FileLock(path, std::chrono::milliseconds(0), clock); };
    EXPECT_EQ(error_of(lock), path + error);
    EXPECT_EQ(hint_of(lock), "see who put it there, and remove it: the next run makes a new one");
    const auto moved = std::filesystem::exists(victim) ? victim : path;
    EXPECT_EQ(testing::read_file(moved), "12 theirs");
    EXPECT_EQ(mode_of(moved), mode_t{0400});
    EXPECT_FALSE(std::filesystem::exists(dir.file("none")));
  }
  std::filesystem::remove(path);
  testing::write_file(path, "4711");
  const FileLock lock(path, std::chrono::milliseconds(0), clock);
  EXPECT_EQ(read_file(path), std::to_string(getpid()));
}

// Numbers that no user and group of the machine has.
constexpr uid_t other_user = 47'110;
constexpr uid_t member = 47'111;
constexpr gid_t other_group = 47'112;

/// A group of the process besides its own, where it has one; root can give files to any.
gid_t some_group() {
  if (geteuid() == 0) return other_group;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  getgroups(static_cast<int>(groups.size()), groups.data());
  const auto other = std::find_if(groups.begin(), groups.end(), [](gid_t group) { return group != getegid(); });
  return other == groups.end() ? getegid() : *other;
}

/// Runs `child` in a process of that user, group and no others. True where it returns.
bool succeeds_as(uid_t user, gid_t group, const std::function<void()>& child) {
  const auto statuses = in_processes(1, [&] {
    if (setgroups(0, nullptr) != 0 || setgid(group) != 0 || setuid(user) != 0) return 1;
    child();
    return 0;
  });
  return statuses.front() == 0;
}

struct Access {
  uid_t user;
  gid_t group;
  mode_t mode;
  bool operator==(const Access&) const = default;
};

void PrintTo(const Access& access, std::ostream* stream) {
  *stream << access.user << ":" << access.group << " " << std::oct << access.mode << std::dec;
}

Access access_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return {status.st_uid, status.st_gid, status.st_mode & 07777};
}

TEST(Files, AreNotWaitedForLongByAProgramThatIsToEnd) {
  TempDir dir;
  const FileLock lock(dir.file("lock"), std::chrono::milliseconds(0), clock);
  testing::FakeClock ours;
  ours.is_stopping = true;
  EXPECT_THROW(FileLock(dir.file("lock"), std::chrono::minutes(4), ours), Locked);
  EXPECT_EQ(ours.steady().time_since_epoch(), std::chrono::seconds(1));
}

TEST(Files, AreGivenToTheGroupOfTheirDirectory) {
  TempDir dir;
  const auto group = some_group();
  ASSERT_EQ(chown(dir.path().c_str(), geteuid(), group), 0);
  ASSERT_EQ(chmod(dir.path().c_str(), 0770), 0) << "without setgid";
  write_file(dir.file("a"), "x");
  create_file(dir.file("b"), "x");
  const FileLock lock(dir.file("c"), std::chrono::milliseconds(0), clock);
  load_uuid(dir.file("d"));
  for (const std::string name : {"a", "b", "c", "d"}) {
    EXPECT_EQ(access_of(dir.file(name)), (Access{geteuid(), group, 0660})) << name;
  }
}

TEST(Files, AreLeftWhereTheyAreWithoutTheRightToGiveThem) {
  TempDir dir;
  const auto work = [&] {
    write_file(dir.file("a"), "x");
    const FileLock lock(dir.file("b"), std::chrono::milliseconds(0), clock);
  };
  if (geteuid() == 0) {
    ASSERT_EQ(chmod(dir.path().c_str(), 0777), 0) << "of root's group, which the child is not in";
    EXPECT_TRUE(succeeds_as(other_user, other_group, work));
    EXPECT_EQ(access_of(dir.file("a")), (Access{other_user, other_group, 0660}));
    EXPECT_EQ(access_of(dir.file("b")), (Access{other_user, other_group, 0660}));
  } else {
    work();
    EXPECT_EQ(access_of(dir.file("a")).mode, mode_t{0660});
    EXPECT_EQ(access_of(dir.file("b")).mode, mode_t{0660});
  }
}

/// What each run does with its files.
void use_files(const TempDir& dir) {
  const FileLock lock(dir.file("state.lock"), std::chrono::milliseconds(0), clock);
  load_uuid(dir.file("uuid"));
  const auto state = read_file(dir.file("state"));
  write_file(dir.file("state"), state.value_or("") + "x");
}

TEST(Files, OfRootLockNobodyOut) {
  const bool is_root = geteuid() == 0;
  const struct {
    uid_t owner;
    gid_t group;
    mode_t mode;
    std::vector<std::pair<uid_t, gid_t>> users;  ///< who may write the directory
  } cases[] = {
      {0, other_group, 0770, {{member, other_group}}},
      {0, other_group, 02770, {{member, other_group}}},
      {other_user, other_group, 0770, {{member, other_group}, {other_user, member}}},
      {other_user, 0, 0755, {{other_user, other_group}}},
      {other_user, other_group, 0700, {{other_user, member}}},
  };
  for (const auto& [owner, group, mode, users] : cases) {
    TempDir dir;
    SCOPED_TRACE(std::to_string(owner) + ":" + std::to_string(group));
    // Who is not root has one user and what groups there are, which is a case of its own.
    ASSERT_EQ(chown(dir.path().c_str(), is_root ? owner : geteuid(), is_root ? group : some_group()), 0);
    ASSERT_EQ(chmod(dir.path().c_str(), mode), 0);
    use_files(dir);
    std::size_t runs = 1;
    for (const auto& [user, primary] : users) {
      if (is_root) {
        EXPECT_TRUE(succeeds_as(user, primary, [&] { use_files(dir); })) << user;
      } else {
        use_files(dir);
      }
      use_files(dir);
      runs += 2;
    }
    EXPECT_EQ(testing::read_file(dir.file("state")).size(), runs);
  }
}

TEST(Files, ThatRootMadeForItselfAreMendedByItsNextRun) {
  const bool is_root = geteuid() == 0;
  TempDir dir;
  const std::string uuid = "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11\n";
  testing::write_file(dir.file("uuid"), uuid);
  testing::write_file(dir.file("state"), "x");
  testing::write_file(dir.file("lock"), "1");
  for (const std::string name : {"uuid", "state", "lock"}) ASSERT_EQ(chmod(dir.file(name).c_str(), 0604), 0);
  const auto group = some_group();
  ASSERT_EQ(chown(dir.path().c_str(), geteuid(), group), 0);
  load_uuid(dir.file("uuid"));
  share_file(dir.file("state"), "x");
  { const FileLock lock(dir.file("lock"), std::chrono::milliseconds(0), clock); }
  EXPECT_EQ(access_of(dir.file("lock")), (Access{geteuid(), group, 0664}));
  // Others than root can only be hindered by their own doing.
  const auto expected = is_root ? Access{0, group, 0664} : Access{geteuid(), getegid(), 0604};
  EXPECT_EQ(access_of(dir.file("uuid")), expected);
  EXPECT_EQ(access_of(dir.file("state")), expected);
  EXPECT_EQ(testing::read_file(dir.file("uuid")), uuid);
}

TEST(Files, ThatAreNotWhatWasReadAreNotShared) {
  TempDir dir;
  for (const std::string name : {"other", "linked", "target"}) {
    testing::write_file(dir.file(name), "x");
    ASSERT_EQ(chmod(dir.file(name).c_str(), 0600), 0);
  }
  std::filesystem::create_symlink(dir.file("target"), dir.file("link"));
  std::filesystem::create_hard_link(dir.file("linked"), dir.file("second"));
  share_file(dir.file("other"), "y");
  share_file(dir.file("link"), "x");
  share_file(dir.file("second"), "x");
  share_file(dir.file("none"), "x");
  share_file(dir.path().string(), "x");
  for (const std::string name : {"other", "linked", "target"}) EXPECT_EQ(mode_of(dir.file(name)), mode_t{0600}) << name;
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

TEST(Files, TellWhichWasWrittenLater) {
  const TempDir dir;
  const auto one = dir.file("one");
  const auto other = dir.file("other");
  EXPECT_FALSE(is_newer(one, other)) << "there is neither";
  write_file(one, "1");
  EXPECT_FALSE(is_newer(one, other));
  EXPECT_FALSE(is_newer(other, one));
  write_file(other, "2");
  const auto now = std::filesystem::last_write_time(one);
  std::filesystem::last_write_time(other, now);
  EXPECT_FALSE(is_newer(one, other));
  std::filesystem::last_write_time(other, now - std::chrono::hours(1));
  EXPECT_TRUE(is_newer(one, other));
  std::filesystem::last_write_time(one, now - std::chrono::hours(2));
  touch(one);
  EXPECT_TRUE(is_newer(one, other));
  touch(dir.file("absent"));
  EXPECT_FALSE(std::filesystem::exists(dir.file("absent"))) << "it makes none";
}

}  // namespace
}  // namespace proxysql_consul
