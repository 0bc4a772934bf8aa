#include "proxysql_consul/model/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/state.h"

namespace proxysql_consul {
namespace {

using ::testing::IsEmpty;

constexpr auto our_uuid = "aae13abd-bd00-4d4f-9bb1-2b3c4d5e6f70";

constexpr auto other_uuid = "11111111-2222-4333-8444-555555555555";

Recipient recipient() {
  return {.uuid = our_uuid,
          .host = "here",
          .keys = Keys("proxysql/"),
          .accept = {"mysql_servers", "mysql_users", "mysql_variables"},
          .force = false};
}

std::string document(const std::string& configuration, const std::string& uuid, const std::string& host) {
  return format_document({.config_name = configuration,
                          .uuid = uuid,
                          .tables = {},
                          .blob = {},
                          .origin = {.host = host, .proxysql_version = {}, .saved_at = {}, .message = {}}});
}

KvEntry entry(const std::string& name, std::string value, std::uint64_t index = 10) {
  return {.key = "proxysql/" + name, .value = std::move(value), .modify_index = index, .problem = {}};
}

State state_of(std::uint64_t version, const std::string& text, Outcome outcome = Outcome::applied) {
  State state;
  state.observe(Start{.began = 1000, .servers_loads = 1, .loads = {{"mysql_servers", 1}}});
  state.record("mysql_servers",
               {.version = version, .sha256 = sha256_hex(text), .outcome = outcome, .at = {}, .warnings = {}});
  return state;
}

State restarted(State state) {
  state.observe(Start{.began = 2000, .servers_loads = 1, .loads = {{"mysql_servers", 1}}});
  return state;
}

State interrupted(State state) {
  state.mark_applying("mysql_servers");
  return state;
}

const char* name_of(Verdict verdict) {
  constexpr const char* names[] = {"apply", "confirm", "frozen", "not_accepted", "foreign", "applied", "unusable"};
  return names[static_cast<std::size_t>(verdict)];
}

TEST(Decide, TellsAMistakeFromAnotherProgramsKey) {
  const auto is_misplaced = [](const KvEntry& one) {
    const auto decisions = decide({one}, recipient(), {});
    return decisions.size() == 1 && decisions.front().verdict == Verdict::foreign && decisions.front().is_misplaced;
  };
  EXPECT_FALSE(is_misplaced(entry("my_notes", "?")));
  EXPECT_TRUE(is_misplaced(entry("mysql_server", "?")));
  EXPECT_TRUE(is_misplaced(entry("mysql_server", document("mysql_servers", other_uuid, "there"))));
  EXPECT_TRUE(is_misplaced({.key = "other/mysql_servers", .value = "?", .modify_index = 10, .problem = {}}));
  // A newer program knows it, or the settings of another node name it.
  EXPECT_FALSE(is_misplaced(entry("mysql_servers2", document("mysql_servers2", other_uuid, "there"))));
}

TEST(Decide, DecidesEachEntry) {
  const auto theirs = document("mysql_servers", other_uuid, "there");
  const auto ours = document("mysql_servers", our_uuid, "here");
  auto forced = recipient();
  forced.force = true;
  const struct {
    const char* what;
    KvEntry entry;
    Recipient node;
    State state;
    const char* verdict;
    std::string reason;
  } cases[] = {
      {"of another node", entry("mysql_servers", theirs), recipient(), {}, "apply", ""},
      {"a newer version", entry("mysql_servers", theirs), recipient(), state_of(9, "older"), "apply", ""},
      {"the same index with another content", entry("mysql_servers", theirs), recipient(), state_of(10, "other"),
       "apply", ""},
      {"applied before", entry("mysql_servers", theirs), recipient(), state_of(10, theirs), "applied",
       "version 10 was applied already"},
      {"applied in part before", entry("mysql_servers", theirs), recipient(), state_of(10, theirs, Outcome::partial),
       "applied", "version 10 was applied already"},
      {"failed before", entry("mysql_servers", theirs), recipient(), state_of(10, theirs, Outcome::failed), "apply",
       ""},
      {"applied before, by force", entry("mysql_servers", theirs), forced, state_of(10, theirs), "apply", ""},
      {"older than applied", entry("mysql_servers", theirs), recipient(), state_of(11, "newer"), "confirm", ""},
      {"older, by force", entry("mysql_servers", theirs), forced, state_of(11, "newer"), "confirm", ""},
      {"own", entry("mysql_servers", ours), recipient(), state_of(10, ours, Outcome::saved), "applied",
       "version 10 was saved by this node"},
      {"own, by force", entry("mysql_servers", ours), forced, state_of(10, ours, Outcome::saved), "apply", ""},
      {"own, put back under a later index", entry("mysql_servers", ours), recipient(),
       state_of(9, ours, Outcome::saved), "apply", ""},
      {"own, with the record of it lost", entry("mysql_servers", ours), recipient(), {}, "apply", ""},
      {"own, of 2016 without a host",
       entry("mysql_servers", document("mysql_servers", our_uuid, "")),
       recipient(),
       {},
       "apply",
       ""},
      {"applied before another start", entry("mysql_servers", theirs), recipient(), restarted(state_of(10, theirs)),
       "apply", ""},
      {"applied, and half of another version written since", entry("mysql_servers", theirs), recipient(),
       interrupted(state_of(10, theirs)), "apply", ""},
      {"a cloned uuid",
       entry("mysql_servers", document("mysql_servers", our_uuid, "there")),
       recipient(),
       {},
       "apply",
       "comes from there, which has the same UUID as this node: a copied uuid_file? Remove it on one of the two, and "
       "the "
       "next run makes a new one"},
      {"not accepted",
       entry("scheduler", document("scheduler", other_uuid, "there")),
       recipient(),
       {},
       "not_accepted",
       "is not among the settings' \"accept\""},
      {"no configuration", entry("nonsense", "?"), recipient(), {}, "foreign", "is no configuration"},
      {"below a configuration",
       entry("mysql_servers/x", theirs),
       recipient(),
       {},
       "foreign",
       "is no configuration, did you mean 'mysql_servers'?"},
      {"another prefix",
       {.key = "other/mysql_servers", .value = theirs, .modify_index = 10, .problem = {}},
       recipient(),
       {},
       "foreign",
       "is not under proxysql/"},
      {"a value that could not be decoded",
       {.key = "proxysql/mysql_servers", .value = {}, .modify_index = 10, .problem = "its Value is no base64"},
       recipient(),
       {},
       "unusable",
       "its Value is no base64"},
      {"no value", entry("mysql_servers", ""), recipient(), {}, "unusable", "document: is no JSON"},
      {"no document",
       entry("mysql_servers", "{}"),
       recipient(),
       {},
       "unusable",
       "document: \"config_name\" is missing"},
      {"another configuration's document",
       entry("mysql_users", theirs),
       recipient(),
       {},
       "unusable",
       "document: is one of mysql_servers"},
  };
  for (const auto& [what, given, here, state, verdict, reason] : cases) {
    SCOPED_TRACE(what);
    const auto decisions = decide({given}, here, state);
    ASSERT_EQ(decisions.size(), 1U);
    EXPECT_STREQ(name_of(decisions[0].verdict), verdict);
    EXPECT_EQ(decisions[0].reason, reason);
    EXPECT_EQ(decisions[0].entry.key, given.key);
  }
}

TEST(Decide, FreezesAllThatWouldBeApplied) {
  const auto theirs = document("mysql_servers", other_uuid, "there");
  const auto decisions =
      decide({entry("mysql_servers", theirs), entry("freeze", "why"), entry("nonsense", ""), entry("mysql_users", "{")},
             recipient(), {});
  ASSERT_EQ(decisions.size(), 3U);
  EXPECT_STREQ(name_of(decisions[0].verdict), "frozen");
  EXPECT_EQ(decisions[0].reason, "the cluster is frozen: why");
  EXPECT_STREQ(name_of(decisions[1].verdict), "frozen");
  EXPECT_STREQ(name_of(decisions[2].verdict), "foreign");
}

TEST(Decide, DecidesEntryByEntry) {
  const auto decisions = decide({{.key = "proxysql/", .value = {}, .modify_index = 1, .problem = {}},
                                 entry("mysql_users", "broken"),
                                 entry("mysql_servers", document("mysql_servers", other_uuid, "there"))},
                                recipient(), {});
  ASSERT_EQ(decisions.size(), 2U) << "the key of the prefix itself is no entry";
  // In the catalogue's order, in which the servers are there before the rules that name them.
  EXPECT_STREQ(name_of(decisions[0].verdict), "apply");
  EXPECT_EQ(decisions[0].configuration, "mysql_servers");
  EXPECT_EQ(decisions[0].document.uuid, other_uuid);
  EXPECT_STREQ(name_of(decisions[1].verdict), "unusable");
  EXPECT_THAT(decide({}, recipient(), {}), IsEmpty());
}

TEST(Decide, AsksForTheStartOnlyWhereSomethingMayBeApplied) {
  EXPECT_TRUE(may_apply({entry("mysql_servers", "?")}, recipient()));
  EXPECT_FALSE(may_apply({entry("mysql_servers", "?"), entry("freeze", "why")}, recipient()));
  EXPECT_FALSE(may_apply({entry("scheduler", "?"), entry("nonsense", "?")}, recipient()));
  EXPECT_FALSE(may_apply({}, recipient()));
}

}  // namespace
}  // namespace proxysql_consul
