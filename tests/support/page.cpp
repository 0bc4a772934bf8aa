#include "support/page.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "proxysql_consul/consul/kv_json.h"
#include "support/http_server.h"

namespace proxysql_consul::testing {
namespace {

constexpr std::string_view program = "/usr/bin/proxysql-consul";

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \n") + 1 - begin);
}

std::string directory_of(const char* variable) {
  const char* path = std::getenv(variable);
  return path == nullptr ? "" : std::filesystem::path(path).parent_path().string();
}

}  // namespace

std::string page_block(const std::string& page_and_block) {
  const auto hash = page_and_block.find('#');
  const auto file = PROJECT_SOURCE_PATH "/docs/integrations/" + page_and_block.substr(0, hash) + ".md";
  const auto text = read_file(file);
  const auto fence = " " + page_and_block.substr(hash + 1) + "\n";
  for (auto at = text.find("```"); at != std::string::npos; at = text.find("```", at + 3)) {
    const auto line_end = text.find('\n', at) + 1;
    if (!text.substr(at, line_end - at).ends_with(fence)) continue;
    return text.substr(line_end, text.find("```", line_end) - line_end);
  }
  throw std::runtime_error("there is no block " + page_and_block);
}

std::string page_block(const std::string& page_and_block, const Node& node) {
  auto text = page_block(page_and_block);
  return text.find(program) == std::string::npos ? text : with(std::move(text), program, node.script());
}

std::vector<std::string> statements_in(const std::string& sql) {
  std::vector<std::string> statements;
  for (std::size_t begin = 0, end = 0; (end = sql.find(';', begin)) != std::string::npos; begin = end + 1) {
    statements.push_back(trimmed(sql.substr(begin, end - begin)));
  }
  return statements;
}

void run_sql(Node& node, const std::string& page_and_block) {
  node.execute(statements_in(page_block(page_and_block, node)));
}

ProcessOptions on_node(const Node& node, const ConsulAgent& consul, const std::string& script) {
  const auto home = std::filesystem::path(node.script()).parent_path();
  const char* path = std::getenv("PATH");
  ProcessOptions options;
  options.argv = {"sh", "-e", "-c", script};
  options.cwd = home;
  options.env = {{"PATH", home.string() + ':' + directory_of("CONSUL_BIN") + ':' + (path != nullptr ? path : "/bin")},
                 {"CONSUL_HTTP_ADDR", "127.0.0.1:" + std::to_string(consul.http_port())}};
  options.clean_env = true;
  return options;
}

ProcessResult run_shell(const Node& node, const ConsulAgent& consul, const std::string& page_and_block) {
  auto result = run_process(on_node(node, consul, page_block(page_and_block, node)));
  check_no_secret(result.out + result.err);
  if (result.exit_code != 0) throw std::runtime_error(page_and_block + ": " + result.out + result.err);
  return result;
}

bool await_record(const ConsulAgent& consul, const std::function<bool()>& predicate) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  std::uint64_t index = 1;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > until) return false;
    const auto target = "/v1/kv/proxysql-meta/node/?recurse&wait=5s&index=" + std::to_string(index);
    const auto reply = http_request(consul.http_port(), "GET", target);
    if (reply.status != 200) continue;
    for (const auto& entry : parse_kv_entries(reply.body)) index = std::max(index, entry.modify_index);
  }
  return true;
}

std::string with(std::string text, std::string_view what, std::string_view with) {
  auto at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("there is no \"" + std::string(what) + "\" in: " + text);
  for (; at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
  return text;
}

}  // namespace proxysql_consul::testing
