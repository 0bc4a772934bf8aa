// Sealed documents: nobody who has no key makes one that opens, and none that was changed opens.
#include <string>
#include <utility>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/model/keyring.h"

namespace proxysql_consul::testing {

namespace {

const Keyring& ring_of_fuzzer() {
  static const Keyring ring(
      "proxysql/", {{.id = "a", .secret = std::string(32, 'A')}, {.id = "b", .secret = std::string(32, 'B')}}, false);
  return ring;
}

const std::string& genuine() {
  static const std::string text = [] {
    const Document document{
        .config_name = "mysql_users",
        .uuid = "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11",
        .tables = {{.name = "mysql_users", .columns = {"username", "password"}, .rows = {{"app", "secret"}}}},
        .blob = {},
        .origin = {.host = "proxy-1", .proxysql_version = "2.7.2", .saved_at = "then", .message = ""}};
    return ring_of_fuzzer().seal_text(document, format_document(document), {}, std::string(24, 'N'));
  }();
  return text;
}

bool opens(std::string_view stored) {
  return attempt(ExitCode::payload, [&] { return ring_of_fuzzer().open(stored); }).has_value();
}

}  // namespace

FUZZ_TARGET(sealed) {
  require(opens(genuine()), "what is sealed opens");
  require(!opens(input) || input == genuine(), "nothing opens that was not sealed");
  // The same bytes as changes of a document that was: where, how many bytes go, and what comes in their place.
  auto changed = genuine();
  FuzzedData data(input.substr(0, 256));
  while (!data.is_empty()) {
    const auto low = data.byte();
    const auto at = std::size_t{low | data.byte() << 8U} % changed.size();
    const auto gone = data.byte() % 8;
    std::string instead;
    for (auto count = data.byte() % 8; count > 0; --count) instead += static_cast<char>(data.byte());
    changed.replace(at, gone, instead);
    if (changed.empty()) return;
  }
  require(!opens(changed) || changed == genuine(), "nothing opens that was changed");
}

}  // namespace proxysql_consul::testing
