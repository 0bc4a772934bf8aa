#include "proxysql_consul/node/check.h"

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/held.h"
#include "proxysql_consul/model/state_json.h"
#include "proxysql_consul/node/identity.h"

namespace proxysql_consul {
namespace {

// Who asks for a service's health expects an answer, also that there is none.
constexpr std::chrono::seconds time_to_check{120};

std::string trimmed(const std::string& text) { return text.substr(0, text.find_last_not_of(" \t\r\n") + 1); }

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// The settings of the file that are secrets.
std::vector<std::string> secrets_in(const Settings& settings, const Environment& environment) {
  std::vector<std::string> secrets;
  const bool has_password =
      settings.admin.password != AdminOptions().password && !environment("PROXYSQL_CONSUL_PROXYSQL_ADMIN_PASSWORD");
  const bool has_auth = !settings.consul.http_auth.empty() && !environment("CONSUL_HTTP_AUTH") &&
                        !environment("PROXYSQL_CONSUL_CONSUL_HTTP_AUTH");
  if (has_password && settings.admin_password_file.empty()) secrets.emplace_back("proxysql_admin_password");
  if (settings.consul.token_source == "consul_token of " + settings.file) secrets.emplace_back("consul_token");
  if (has_auth) secrets.emplace_back("consul_http_auth");
  return secrets;
}

Finding look_at_settings(const Settings& settings, const Environment& environment) {
  constexpr auto check = "settings";
  if (settings.file.empty()) {
    return {.gravity = Gravity::ok, .check = check, .message = "there is no settings file, so the defaults hold"};
  }
  const auto rights = rights_of(settings.file).value_or(FileRights{.description = "unknown rights"});
  const auto secrets = secrets_in(settings, environment);
  if (rights.others_read && !secrets.empty()) {
    return {
        .gravity = Gravity::warning,
        .check = check,
        .message = settings.file + " (" + rights.description + ") can be read by everybody, and holds " + join(secrets),
        .hint = "chmod o-r " + settings.file};
  }
  return {.gravity = Gravity::ok, .check = check, .message = settings.file + " (" + rights.description + ")"};
}

Finding look_at_secret_files(const Settings& settings) {
  constexpr auto check = "secret_files";
  std::vector<std::string> open;
  std::size_t count = 0;
  for (const auto& path :
       {settings.admin_password_file, settings.consul_token_file, settings.consul.key_file, settings.admin.tls_key}) {
    if (path.empty()) continue;
    ++count;
    const auto rights = rights_of(path);
    if (rights && rights->others_read) open.push_back(path);
  }
  if (!open.empty()) {
    return {.gravity = Gravity::warning,
            .check = check,
            .message = join(open) + ": can be read by everybody",
            .hint = "chmod o-r " + join(open, " ")};
  }
  return {.gravity = Gravity::ok,
          .check = check,
          .message = count == 0 ? "the settings name none" : "none can be read by everybody"};
}

/// Empty where this user may make and replace files beside `path`.
std::string directory_problem(const std::string& path) {
  const auto directory = directory_of(path);
  if (may_write(directory)) return {};
  return rights_of(directory)
             ? "user " + effective_user() + " may not write its directory, " + rights_of(directory)->description
             : "its directory does not exist";
}

constexpr auto share_hint = "make it, or share it with a group: docs/install.md, \"Who runs what\", has the commands";

Finding look_at_uuid(const Settings& settings) {
  constexpr auto check = "uuid";
  const auto& path = settings.uuid_file;
  const auto text = read_file(path);
  if (!text) {
    const auto problem = directory_problem(path);
    if (!problem.empty()) {
      return {.gravity = Gravity::problem, .check = check, .message = path + ": " + problem, .hint = share_hint};
    }
    return {.gravity = Gravity::ok, .check = check, .message = path + " will be made by the first run"};
  }
  const auto uuid = trimmed(*text);
  if (is_uuid(uuid)) return {.gravity = Gravity::ok, .check = check, .message = uuid + " in " + path};
  return {.gravity = Gravity::problem,
          .check = check,
          .message = path + (uuid.empty() ? ": is empty" : ": holds no UUID"),
          .hint = "restore it from a backup, or remove it: the next run makes a new one"};
}

Finding look_at_state(const Settings& settings) {
  constexpr auto check = "state";
  const auto& path = settings.state_file;
  const auto text = read_file(path);
  if (text) parse_state(*text, path);
  auto problem = directory_problem(path);
  const auto lock = path + ".lock";
  if (problem.empty() && rights_of(lock) && !may_write(lock)) {
    problem = "user " + effective_user() + " may not write " + lock + ", " + rights_of(lock)->description;
  }
  if (!problem.empty()) {
    return {.gravity = Gravity::problem, .check = check, .message = path + ": " + problem, .hint = share_hint};
  }
  // Rights say nothing of a full disk, or of one that is mounted for reading alone.
  try_write(path, text.value_or("{}"));
  return {.gravity = Gravity::ok,
          .check = check,
          .message = path + (text ? "" : " will be made by the first run") + ", writable for user " + effective_user()};
}

Finding look_at_applied(const Settings& settings) {
  const auto text = read_file(settings.state_file);
  return judge_applied(text ? std::optional(parse_state(*text, settings.state_file)) : std::nullopt);
}

}  // namespace

Finding problem_of(const char* check, const Error& error) {
  return {.gravity = Gravity::problem, .check = check, .message = error.what(), .hint = error.hint()};
}

Findings check_files(const Job& job) {
  Findings findings = {look_at_settings(job.settings, job.context.environment), look_at_secret_files(job.settings)};
  const auto add = [&](const char* check, Finding (*look)(const Settings&)) {
    try {
      findings.push_back(look(job.settings));
    } catch (const Error& error) {
      findings.push_back(problem_of(check, error));
    }
  };
  add("uuid", look_at_uuid);
  add("state", look_at_state);
  add("applied", look_at_applied);
  return findings;
}

Findings check_node(const Job& job) {
  job.context.bound(time_to_check);
  auto findings = check_files(job);
  std::optional<Start> start;
  for (auto& finding : check_proxysql(job, start)) findings.push_back(std::move(finding));
  for (auto& finding : check_consul(job, start)) findings.push_back(std::move(finding));
  return findings;
}

Findings check_without_settings(const Error& error) { return {problem_of("settings", error)}; }

}  // namespace proxysql_consul
