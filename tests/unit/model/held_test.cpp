#include "proxysql_consul/model/held.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/model/state_json.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Keys keys("proxysql/");
const std::vector<std::string> servers_alone = {"mysql_servers"};

KvEntry document(const std::string& name, std::uint64_t version) {
  return {.key = "proxysql/" + name, .value = "document of " + name, .modify_index = version, .problem = {}};
}

KvEntry freeze() { return {.key = "proxysql/freeze", .value = "maintenance", .modify_index = 1, .problem = {}}; }

ConfigurationState held(std::uint64_t version, Outcome outcome) {
  return {.version = version,
          .sha256 = sha256_hex("document of mysql_servers"),
          .outcome = outcome,
          .at = {},
          .warnings = {},
          .start = 3,
          .attempted = version};
}

State state_of(ConfigurationState servers) {
  State state;
  state.configurations = {{"mysql_servers", std::move(servers)}};
  state.start_number = 3;
  state.observed = true;
  return state;
}

Finding judge(const State& state, const std::vector<KvEntry>& entries, bool following = false) {
  return judge_held(keys, {}, entries, {.state = state, .accept = servers_alone, .following = following});
}

TEST(Held, JudgesEachRecord) {
  auto lacking = held(7, Outcome::partial);
  lacking.lacks = true;
  auto drifted = held(7, Outcome::applied);
  drifted.drifted = true;
  auto pending = held(7, Outcome::applied);
  pending.pending = true;
  auto applying = held(7, Outcome::applied);
  applying.applying = true;
  auto earlier = held(7, Outcome::applied);
  earlier.start = 2;
  auto from_memory = held(7, Outcome::saved);
  from_memory.start = 0;
  auto other = held(7, Outcome::applied);
  other.sha256 = "other";
  const struct {
    const char* what;
    ConfigurationState known;
    const char* words;  ///< "" where all is well
    Gravity gravity = Gravity::problem;
  } cases[] = {
      {"applied", held(7, Outcome::applied), ""},
      {"saved", held(7, Outcome::saved), ""},
      {"saved from memory", from_memory, ""},
      {"its ProxySQL lacks some of it", lacking, ""},
      {"drifted, which is told elsewhere", drifted, ""},
      {"behind", held(5, Outcome::applied), "mysql_servers: has version 5 instead of 7"},
      {"a Consul that was set up anew", held(9, Outcome::applied), "mysql_servers: has version 9 instead of 7"},
      {"another document", other, "mysql_servers: has another document as version 7"},
      {"partial", held(7, Outcome::partial), "mysql_servers: has version 7 in part alone"},
      {"failed", held(5, Outcome::failed), "mysql_servers: has version 5 instead of 7: the last attempt failed"},
      {"failed at first", held(0, Outcome::failed), "mysql_servers: has none instead of 7: the last attempt failed"},
      {"not on disk", held(7, Outcome::failed), "mysql_servers: version 7: the last attempt failed"},
      {"pending", pending, "mysql_servers: a rollback that began here has not ended"},
      {"applying", applying, "mysql_servers: version 7 is being applied, or a run that did so was interrupted",
       Gravity::warning},
      {"ProxySQL started", earlier,
       "mysql_servers: version 7 was not compared since ProxySQL started or the settings changed", Gravity::warning},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    const auto finding = judge(state_of(one.known), {document("mysql_servers", 7)});
    const bool is_well = *one.words == '\0';
    EXPECT_EQ(finding.gravity, is_well ? Gravity::ok : one.gravity);
    EXPECT_EQ(finding.message, is_well ? "1 in Consul for this node, and it has the current one of each" : one.words);
    EXPECT_EQ(finding.hint.empty(), is_well);
  }
}

TEST(Held, TakesTheRecordAsItIsWhereProxySqlTellsNoStart) {
  auto state = state_of(held(7, Outcome::applied));
  state.configurations["mysql_servers"].start = 0;
  state.observed = false;
  EXPECT_EQ(judge(state, {document("mysql_servers", 7)}).gravity, Gravity::ok);
}

TEST(Held, SpeaksOfWhatThisNodeTakesAlone) {
  State state;
  EXPECT_EQ(judge(state, {document("mysql_servers", 7), document("mysql_users", 8), document("stray", 9)}).message,
            "mysql_servers: was never applied or saved here");
  const auto none = judge(state, {document("mysql_users", 8)});
  EXPECT_EQ(none.gravity, Gravity::ok);
  EXPECT_EQ(none.message, "Consul holds none of the configurations that this node accepts");
  state.pass_over("mysql_servers", 7, PassedOver::not_here, "");
  EXPECT_EQ(judge(state, {document("mysql_servers", 7)}).gravity, Gravity::ok);
  // It is accepted now.
  state.pass_over("mysql_servers", 7, PassedOver::not_accepted, "");
  EXPECT_EQ(judge(state, {document("mysql_servers", 7)}).gravity, Gravity::problem);
}

TEST(Held, TakesAFreezeForNoProblem) {
  const auto waiting = judge(state_of(held(5, Outcome::applied)), {freeze(), document("mysql_servers", 7)});
  EXPECT_EQ(waiting.gravity, Gravity::ok);
  EXPECT_EQ(waiting.message, "mysql_servers: has version 5 instead of 7, until the thaw");
  EXPECT_THAT(waiting.hint, IsEmpty());
  const auto failed = judge(state_of(held(5, Outcome::failed)), {freeze(), document("mysql_servers", 7)});
  EXPECT_EQ(failed.gravity, Gravity::problem);
  EXPECT_THAT(failed.hint, HasSubstr("`thaw` first"));
}

TEST(Held, PromisesNothingOfAThawWhereNothingBringsIt) {
  const auto state = state_of(held(5, Outcome::applied));
  const auto finding = judge_held(keys, {}, {freeze(), document("mysql_servers", 7)},
                                  {.state = state, .accept = servers_alone, .following = false, .unattended = true});
  EXPECT_EQ(finding.gravity, Gravity::warning);
  EXPECT_EQ(finding.message, "mysql_servers: has version 5 instead of 7, and no thaw brings it by itself");
  EXPECT_THAT(finding.hint, AllOf(HasSubstr("after the `thaw` `pull` takes"), HasSubstr("`follow`, or a watch")));
}

TEST(Held, SaysWhatToDo) {
  const std::vector<KvEntry> entries = {document("mysql_servers", 7)};
  EXPECT_THAT(judge(State(), entries).hint, AllOf(HasSubstr("`pull` takes"), HasSubstr("`follow`, or a watch")));
  EXPECT_THAT(judge(State(), entries, true).hint,
              AllOf(HasSubstr("tries again by itself"), HasSubstr("SIGHUP"), HasSubstr("`pull` tries")));
  EXPECT_THAT(judge(state_of(held(7, Outcome::partial)), entries).hint, HasSubstr("`pull --force`"));
  EXPECT_THAT(judge(state_of(held(7, Outcome::failed)), entries).hint, Not(HasSubstr("--force")));
}

TEST(Applied, HasAHintThatFitsTheCause) {
  const auto judge_one = [](ConfigurationState known, bool is_frozen = false) {
    auto state = state_of(std::move(known));
    state.frozen = is_frozen;
    return judge_applied(state);
  };
  const auto failed = [](ExitCode cause) {
    State state;
    state.fail("mysql_servers", 7, "t", "why", cause);
    // As the next run reads it.
    return parse_state(format_state(state), "state").configurations.at("mysql_servers");
  };
  const struct {
    ExitCode cause;
    const char* hint;
  } causes[] = {{ExitCode::proxysql, "is ProxySQL running"},
                {ExitCode::consul, "as soon as Consul answers"},
                {ExitCode::payload, "`save --force`, on a node that is right"},
                {ExitCode::ok, "`diff` shows what differs, and `pull` tries again"}};
  for (const auto& [cause, hint] : causes) {
    SCOPED_TRACE(hint);
    const auto finding = judge_one(failed(cause));
    EXPECT_EQ(finding.gravity, Gravity::problem);
    EXPECT_EQ(finding.message, "mysql_servers: failed: why (t)");
    EXPECT_THAT(finding.hint, HasSubstr(hint));
    EXPECT_THAT(judge_one(failed(cause), true).hint, HasSubstr("after `thaw`"));
  }
  auto known = held(7, Outcome::partial);
  EXPECT_EQ(judge_one(known).gravity, Gravity::warning);
  EXPECT_THAT(judge_one(known).hint, HasSubstr("correct it and save it again"));
  known.lacks = true;
  EXPECT_THAT(judge_one(known).hint, HasSubstr("a newer ProxySQL"));
  known.drifted = true;
  EXPECT_THAT(judge_one(known).hint, HasSubstr("`pull --force` takes Consul's"));
  known.outcome = Outcome::failed;
  known.warnings = {"away"};
  EXPECT_EQ(judge_one(known).message, "mysql_servers: failed: away") << "what it had drifted by is no longer told";
  known.pending = true;
  EXPECT_EQ(judge_one(known).message, "mysql_servers: a rollback that began here has not ended");
  EXPECT_EQ(judge_one(known).hint, "`pull` takes Consul's version");
  EXPECT_EQ(judge_applied(std::nullopt).message, "nothing yet");
}

TEST(Applied, SaysOfEachConfigurationWhatIsWrongAndOfEachCauseOnceWhatToDo) {
  State state;
  state.fail("mysql_servers", 7, "t", "away", ExitCode::proxysql);
  state.fail("mysql_users", 8, "t", "away", ExitCode::proxysql);
  state.fail("mysql_variables", 9, "t", "is no JSON", ExitCode::payload);
  const auto finding = judge_applied(state);
  EXPECT_EQ(finding.message,
            "mysql_servers: failed: away (t); mysql_users: failed: away (t); mysql_variables: failed: is no JSON (t)");
  EXPECT_EQ(finding.hint.find("is ProxySQL running"), finding.hint.rfind("is ProxySQL running"));
  EXPECT_THAT(finding.hint, HasSubstr("; mend here what it says"));
}

}  // namespace
}  // namespace proxysql_consul::testing
