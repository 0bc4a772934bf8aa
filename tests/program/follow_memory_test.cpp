// That a process which stays for months holds no more memory and files in the end than in the beginning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "program/follow_fixture.h"
#include "support/allocations.h"
#include "support/effort.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

/// What the fakes keep for tests to look at grows, and is none of the program's.
void forget_calls(FakeConsul& consul, NodeUnderTest& node) {
  consul.log.clear();
  consul.opened.clear();
  consul.agent_log.clear();
  node.engine.clear_log();
  node.opened.clear();
  node.clock.pauses.clear();
}

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

TEST_F(FollowAndPublish, HoldsNoMoreMemoryAndFilesAfterThousandsOfDeliveriesAndOfLoads) {
  // The sanitizers look for what is lost, which one delivery shows as well as another.
  constexpr int rounds = sanitized ? 800 : 2000;
  constexpr int warm = 200;
  constexpr int rounds_for_a_load = 10;
  constexpr std::chrono::milliseconds round{100};
  std::array<std::string, 2> documents;
  for (auto& document : documents) {
    save_from_a({"theirs-" + std::to_string(&document - documents.data())});
    document = consul.value_of(servers_key);
  }
  const Allocations allocations;
  std::vector<std::ptrdiff_t> live;
  std::vector<std::ptrdiff_t> files;
  int loads = 0;
  std::vector<Happening> happenings;
  for (int i = 1; i <= rounds; ++i) {
    happenings.push_back({round * i, [&, i] {
                            forget_calls(consul, b);
                            if (i == warm || i == rounds) {
                              live.push_back(allocations.live());
                              files.push_back(open_files());
                            }
                            if (i % rounds_for_a_load != 0) {
                              consul.set(servers_key, documents[static_cast<std::size_t>(i % 2)]);
                            } else {
                              b.set_servers({"mine-" + std::to_string(++loads % 2)});
                            }
                          }});
  }
  const auto ran = follow(happenings, round * (rounds + 5));
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(b.servers(), ::testing::ElementsAre("mine-0"));
  EXPECT_NE(consul.value_of(servers_key).find("mine-0"), std::string::npos) << "all were published";
  ASSERT_EQ(live.size(), 2U);
  EXPECT_GT(live[0], 0) << "they are counted";
  EXPECT_LE(live[1], live[0] + 20);
  EXPECT_EQ(files[0], files[1]);
}

}  // namespace
}  // namespace proxysql_consul::testing
