// docs/integrations/ansible.md: the role is run on this machine, with the executable of this build, into a directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "integration/end_to_end_fixture.h"
#include "support/page.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class PageAnsible : public ::testing::Test {
 protected:
  void SetUp() override {
    sender.connect_to(consul.http_port());
    node.connect_to(consul.http_port());
    write_file(dir.file("inventory"),
               with(with(page_block("ansible#inventory"), "proxy-1", "localhost"), "proxy-2\n", ""));
    write_file(dir.file("proxysql.yml"), page_block("ansible#play"));
  }

  /// What goes over the play's own variables: no package, no root, and other places.
  Json variables() const {
    auto settings = Json::parse(read_file(node.settings_file()));
    settings.erase("uuid_file");
    return {{"ansible_become", false},
            {"ansible_connection", "local"},
            {"ansible_remote_tmp", dir.file("ansible")},
            {"ansible_python_interpreter", "/usr/bin/python3"},
            {"proxysql_consul_deb", ""},
            {"proxysql_consul_executable", PROXYSQL_CONSUL_PATH},
            {"proxysql_consul_path", dir.file("proxysql-consul")},
            {"proxysql_consul_settings", settings},
            {"proxysql_consul_settings_file", dir.file("proxysql-consul.cnf")},
            {"proxysql_consul_state_directory", dir.file("state")},
            {"proxysql_consul_consul_directory", agent_dir.path().string()},
            {"proxysql_consul_receive", "watch"},
            {"proxysql_consul_members", Json::array()},
            {"proxysql_consul_group", ""}};
  }

  ProcessResult play(const Json& more = Json::object()) {
    auto all = variables();
    all.merge_patch(more);
    write_file(dir.file("variables.json"), all.dump());
    auto options = on_node(node, consul, with(page_block("ansible#run"), "\n", " --extra-vars @variables.json\n"));
    options.cwd = dir.path();
    options.env["ANSIBLE_ROLES_PATH"] = PROJECT_SOURCE_PATH "/etc/ansible/roles";
    options.env["ANSIBLE_LOCAL_TEMP"] = dir.file("ansible");
    options.env["ANSIBLE_HOME"] = dir.file("ansible");
    options.env["HOME"] = dir.path();
    options.env["LC_ALL"] = "C.UTF-8";
    auto result = run_process(std::move(options));
    check_no_secret(result.out + result.err);
    return result;
  }

  TempDir dir;
  TempDir agent_dir;
  Node sender;
  Node node;  ///< whose ProxySQL the role is to look after
  ConsulAgent consul{{.arguments = {"-config-dir=" + agent_dir.path().string()}}};
};

TEST_F(PageAnsible, InstallsConfiguresAndChecks) {
  const auto played = play();
  ASSERT_EQ(played.exit_code, 0) << all_of(played);
  EXPECT_THAT(played.out, HasSubstr("failed=0"));
  sender.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(sender.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(await_record(consul, [&] { return count(node, "runtime_mysql_servers") == 1; })) << consul.log();
  const auto again = play();
  EXPECT_EQ(again.exit_code, 0) << all_of(again);
  EXPECT_THAT(again.out, HasSubstr("changed=0"));
}

TEST_F(PageAnsible, FailsWhereTheNodeHasAProblem) {
  const auto played = play({{"proxysql_consul_settings", {{"proxysql_admin_port", 1}, {"retry_seconds", 1}}}});
  EXPECT_EQ(played.exit_code, 2) << all_of(played);
  EXPECT_THAT(played.out, AllOf(HasSubstr("failed=1"), HasSubstr("is ProxySQL running")));
}

}  // namespace
}  // namespace proxysql_consul::testing
