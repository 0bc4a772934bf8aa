// Whatever a ProxySQL holds arrives: tables made up at random, saved on one node and applied on another, for every
// configuration and each pair of versions. A failure prints its seed; PROPERTY_SEED and PROPERTY_ROUNDS choose others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/base/gzip.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/apply.h"
#include "proxysql_consul/proxysql/reader.h"
#include "standin/standin_engine.h"
#include "standin/standin_session.h"
#include "support/effort.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::IsEmpty;

/// SQLite's rules, spelled out once more so that the tests do not lean on what they test.
std::string literal(const Cell& cell) {
  if (!cell) return "NULL";
  std::string text = "'";
  for (const char c : *cell) text += c == '\'' ? std::string("''") : std::string(1, c);
  return text + "'";
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  long between(long low, long high) { return std::uniform_int_distribution<long>(low, high)(random_); }
  bool one_in(long n) { return between(1, n) == 1; }
  std::string number(long low, long high) { return std::to_string(between(low, high)); }
  std::string one_of(const std::vector<std::string>& words) {
    return words[static_cast<std::size_t>(between(0, static_cast<long>(words.size()) - 1))];
  }

  /// Any bytes but NUL.
  std::string text() {
    static const std::vector<std::string> whole = {"",       "NULL", "null", "0", "007", "1e5", " 1 ", "0x1F",
                                                   "(null)", "''",   "\"\"", ";", "--",  "%",   "\\",  "true"};
    static const std::vector<std::string> pieces = {
        "a", "Z", "7", " ", "'", "\"", "`", "\\", "\\'", "%", "_", ";", "--", "/*", "*/", "?", ",", ")", "(", "{", "]",
        // every length of UTF-8, and its limits
        "\x7F", "\xC2\x80", "\xC3\xA9", "\xDF\xBF", "\xE0\xA0\x80", "\xE2\x80\xA8", "\xEF\xBB\xBF", "\xEF\xBF\xBF",
        "\xEF\xBF\xBD", "\xF0\x90\x80\x80", "\xF0\x9F\x90\xAC", "\xF4\x8F\xBF\xBF",
        // no UTF-8: alone, overlong, a surrogate, beyond the end, cut short
        "\x80", "\xFF", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5", "\xE2\x82", "\xC3"};
    if (one_in(4)) return one_of(whole);
    std::string made;
    const long count = one_in(60) ? between(1'000, 9'000) : between(0, 12);
    for (long i = 0; i < count; ++i) made += one_in(8) ? std::string(1, char(between(1, 31))) : one_of(pieces);
    return made;
  }

  std::string json() {
    return one_of({"", "{}", R"({"a":"\u00e9 '\\ \"","b":[1,null]})", "{\"k\":\"\xF0\x9F\x90\xAC\"}", "[]", " { } "});
  }

  /// A value that `column` of `table` takes, mostly.
  Cell cell(const std::string& table, const std::string& column, bool integer) {
    const auto is = [&](std::initializer_list<const char*> names) {
      return std::find(names.begin(), names.end(), column) != names.end();
    };
    if (column == "status") {
      return one_of({"ONLINE", "ONLINE", "ONLINE", "OFFLINE_SOFT", "SHUNNED", "OFFLINE_HARD", "online", "Offline_Soft",
                     "shunned", "offline_hard"});
    }
    if (is({"hostgroup_settings", "servers_defaults", "ignore_session_variables", "attributes"})) return json();
    if (column == "check_type")
      return one_of({"read_only", "innodb_read_only", "READ_ONLY", "read_only|innodb_read_only"});
    if (column == "domain_name") return "." + text();
    if (column == "method") return one_of({"GET", "POST", "get"});
    if (column == "mode") return one_of({"OFF", "DETECTING", "PROTECTING"});
    if (column == "client_addr") return one_in(2) ? Cell() : Cell(one_of({"10.0.0.1", "10.%", "%", "", "::1"}));
    if (column == "digest" && table == "mysql_query_rules") {
      if (one_in(3)) return std::nullopt;
      return "0x" + one_of({"1", "1234ABCD", "1234abcd", "000000001234ABCD", "FFFFFFFFFFFFFFFF", "fedcba9876543210"});
    }
    if (!integer) return text();
    if (is({"reader_hostgroup"})) return number(1000, 1'000'000);
    if (is({"backup_writer_hostgroup"})) return number(2'000'000, 3'000'000);
    if (is({"offline_hostgroup"})) return number(4'000'000, 5'000'000);
    if (is({"writer_hostgroup"})) return number(0, 900);
    if (is({"hostgroup_id"})) return number(0, 8);
    if (is({"rule_id", "id"})) return number(1, 1'000'000);
    if (is({"port", "aurora_port", "proxy_port"})) return number(1, 65'535);
    if (is({"gtid_port"})) return "0";
    if (is({"cache_ttl", "max_connections", "line"})) return number(1, 2'000'000'000);
    if (is({"interval_ms", "timeout_ms"})) return number(100, 100'000'000);
    if (is({"autocommit"})) return number(-1, 1);
    if (is({"throttle_connections_per_sec"})) return number(1, 1'000'000);
    if (is({"max_lag_ms"})) return number(10, 600'000);
    if (is({"check_interval_ms"})) return number(100, 600'000);
    if (is({"check_timeout_ms"})) return number(80, 3'000);
    if (is({"lag_num_checks"})) return number(1, 16);
    if (is({"weight", "max_replication_lag"})) return number(0, 10'000'000);
    if (is({"timeout", "delay", "next_query_flagIN", "gtid_from_hostgroup"})) return number(0, 4'294'967'295);
    if (is({"flagIN"})) return number(0, 3);
    return number(0, 1);
  }

 private:
  std::mt19937 random_;
};

void must(StandinEngine& engine, const std::string& sql) {
  const auto answer = engine.execute(sql);
  ASSERT_TRUE(answer.ok) << sql.substr(0, 300) << ": " << answer.error;
}

void fill_table(StandinEngine& engine, Generator& generator, const std::string& table, long count) {
  const auto info = engine.execute("PRAGMA table_info(" + table + ")").rows;
  for (long i = 0; i < count; ++i) {
    std::map<std::string, Cell> row;
    for (const auto& column : info) {
      const std::string name(column[1].value());
      const bool nullable = column[3] == "0" && column[5] == "0";
      const bool integer = column[2].value().starts_with("INT");
      row[name] = nullable && generator.one_in(3) ? Cell() : generator.cell(table, name, integer);
    }
    // The table's own rule on the two.
    if (row.contains("replace_pattern") && row["replace_pattern"] && !row["match_pattern"]) row["match_pattern"] = "";
    // Runtime keeps no argument after one that is NULL, which a node reports as not taken.
    for (int n = 2; n <= 5 && row.contains("arg1"); ++n) {
      if (!row["arg" + std::to_string(n - 1)]) row["arg" + std::to_string(n)] = std::nullopt;
    }
    std::string columns;
    std::string values;
    for (const auto& [name, cell] : row) {
      columns += (columns.empty() ? "`" : ",`") + name + "`";
      values += (values.empty() ? "" : ",") + literal(cell);
    }
    // What breaks a constraint all the same is left out.
    must(engine, "INSERT OR IGNORE INTO " + table + " (" + columns + ") VALUES (" + values + ")");
    if (table == "mysql_users" && generator.one_in(3)) {
      // An account of two rows, some of them alike.
      must(engine, "UPDATE OR IGNORE mysql_users SET backend=1, frontend=0 WHERE username=" + literal(row["username"]));
      must(engine, "INSERT OR IGNORE INTO mysql_users (username,password,backend,frontend) SELECT username," +
                       (generator.one_in(2) ? std::string("password") : literal(generator.text())) +
                       ",0,1 FROM mysql_users WHERE username=" + literal(row["username"]));
    }
  }
}

void fill_variables(StandinEngine& engine, Generator& generator, const std::string& prefix) {
  const auto rows =
      engine
          .execute("SELECT variable_name, variable_value FROM global_variables WHERE variable_name LIKE " +
                   literal(prefix + "%"))
          .rows;
  for (const auto& row : rows) {
    const std::string name(row[0].value());
    const std::string value(row[1].value());
    // Would keep the stand-in from being written.
    if (name == "admin-read_only" || generator.one_in(2)) continue;
    std::string next;
    if (value == "true" || value == "false") {
      next = generator.one_of({"true", "false", "1", "0", "TRUE", "False"});
    } else if (!value.empty() && value.find_first_not_of("0123456789") == std::string::npos) {
      next = generator.one_of({value, value + "0", "1", "0010"});
    } else {
      next = generator.text();
    }
    must(engine,
         "UPDATE global_variables SET variable_value=" + literal(next) + " WHERE variable_name=" + literal(name));
  }
}

bool has_table(StandinEngine& engine, const std::string& name) {
  return !engine.execute("SELECT 1 FROM sqlite_master WHERE name=" + literal(name)).rows.empty();
}

bool read_has(StandinEngine& engine, const Configuration& configuration) {
  StandinSession session(engine);
  return read_inventory(session).has(configuration);
}

/// Random content for a configuration's tables, loaded to runtime.
void fill(StandinEngine& engine, Generator& generator, const Configuration& configuration) {
  if (!configuration.variables.empty()) {
    fill_variables(engine, generator, std::string(configuration.variables));
  } else {
    for (const auto& table : configuration.tables) {
      if (!has_table(engine, std::string(table))) continue;
      const long count = generator.one_in(6) ? 0 : generator.one_in(12) ? 300 : generator.between(1, 25);
      fill_table(engine, generator, std::string(table), count);
    }
  }
  must(engine, load_statement(configuration));
}

enum class Source { memory, runtime };

/// What `engine` holds of the configuration, as save reads it; through text and back.
std::vector<Table> saved(StandinEngine& engine, const Configuration& configuration, Source source) {
  StandinSession session(engine);
  const auto inventory = read_inventory(session);
  const auto schemas = read_schemas(session, inventory, configuration);
  const bool runtime = source == Source::runtime && inventory.has_runtime(configuration);
  auto tables = runtime ? read_runtime(session, inventory, configuration, schemas).tables
                        : read_tables(session, configuration, schemas, Layer::memory);
  for (auto& table : tables) table = shared_form(std::move(table), {});
  return tables;
}

std::vector<Table> through_text(const std::vector<Table>& tables, const Configuration& configuration) {
  const Document document{.config_name = std::string(configuration.name),
                          .uuid = "aae13abd-bd00-4d4f-9bb1-2b3c4d5e6f70",
                          .tables = tables,
                          .blob = {},
                          .origin = {}};
  const auto text = format_document(document);
  EXPECT_TRUE(is_utf8(text));
  return parse_document(text).tables;
}

/// Runtime, also of what 1.1 shows in no table, in a form to compare.
Table runtime_of(StandinEngine& engine, const std::string& name, std::string_view variables) {
  const auto shown = has_table(engine, "runtime_" + name);
  Table table{.name = name, .columns = {}, .rows = {}};
  for (const auto& row : engine.execute("PRAGMA table_info(" + name + ")").rows)
    table.columns.emplace_back(row[1].value());
  std::string sql = "SELECT * FROM " + std::string(shown ? "runtime_" : "hidden.hidden_") + name;
  if (!variables.empty()) sql += " WHERE variable_name LIKE " + literal(std::string(variables) + "%");
  table.rows = engine.execute(sql).rows;
  return runtime_form(shared_form(std::move(table), {}));
}

/// The rows' cells of `columns`, sorted.
std::vector<Row> project(const Table& table, const std::vector<std::string>& columns) {
  std::vector<std::size_t> positions;
  for (const auto& column : columns) positions.push_back(table.find(column).value());
  std::vector<Row> rows;
  for (const auto& row : table.rows) rows.push_back(pick(row, positions));
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string show(const Row& row) {
  std::string text;
  for (const auto& cell : row) {
    text += text.empty() ? "" : " | ";
    text += cell ? ::testing::PrintToString(cell->substr(0, 60)) : "NULL";
  }
  return text;
}

void expect_equal_runtime(StandinEngine& from, StandinEngine& to, const Configuration& configuration) {
  for (const auto& view : configuration.tables) {
    const std::string name(view);
    if (!has_table(from, name) || !has_table(to, name)) continue;
    SCOPED_TRACE(name);
    auto ours = runtime_of(from, name, configuration.variables);
    const auto theirs = runtime_of(to, name, configuration.variables);
    std::vector<std::string> common;
    for (const auto& column : ours.columns) {
      if (theirs.find(column)) common.push_back(column);
    }
    auto expected = project(ours, common);
    auto actual = project(theirs, common);
    if (!configuration.variables.empty()) {
      // Each knows variables that the other does not.
      const auto names = [](const std::vector<Row>& rows) {
        std::set<Cell> found;
        for (const auto& row : rows) found.insert(row[0]);
        return found;
      };
      const auto expected_names = names(expected);
      const auto actual_names = names(actual);
      std::erase_if(expected, [&](const Row& row) { return !actual_names.contains(row[0]); });
      std::erase_if(actual, [&](const Row& row) { return !expected_names.contains(row[0]); });
      EXPECT_FALSE(expected.empty());
    }
    ASSERT_EQ(expected.size(), actual.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE(expected[i] == actual[i]) << "sent:     " << show(expected[i]) << "\nreceived: " << show(actual[i]);
    }
  }
}

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

constexpr unsigned default_rounds = 4;

struct Pair {
  StandinVersion from;
  StandinVersion to;
};

class Property : public ::testing::TestWithParam<Pair> {
 protected:
  /// One configuration from one node to another that holds something else.
  void try_once(const Configuration& configuration, Source source, unsigned seed) {
    SCOPED_TRACE(std::string(configuration.name) + (source == Source::memory ? " from memory" : " from runtime") +
                 ", PROPERTY_SEED=" + std::to_string(seed));
    Generator generator(seed);
    StandinEngine from(GetParam().from);
    StandinEngine to(GetParam().to);
    fill(from, generator, configuration);
    if (read_has(to, configuration)) fill(to, generator, configuration);
    const auto sent = saved(from, configuration, source);
    for (const auto& table : sent) (table.rows.empty() ? empty_ : filled_).insert(table.name);
    const auto received = through_text(sent, configuration);
    ASSERT_TRUE(received == sent) << "the document changed the tables";

    StandinSession session(to);
    const auto inventory = read_inventory(session);
    StandinSession sender(from);
    const bool has_runtime = read_inventory(sender).has_runtime(configuration);
    const Wanted document{.tables = received, .from_memory = source == Source::memory || !has_runtime};
    const auto applied = Application(configuration, document, {}).run(session, inventory);
    const bool same_version = GetParam().from == GetParam().to;
    if (same_version) {
      EXPECT_EQ(applied.outcome, Outcome::applied);
      EXPECT_THAT(applied.warnings, IsEmpty());
    }
    for (const auto& warning : applied.warnings) EXPECT_FALSE(warning.starts_with("not taken")) << warning;
    expect_equal_runtime(from, to, configuration);

    // A second time there is nothing to do.
    const auto again =
        Application(configuration, document, {.circumstances = {.loaded_before = true}, .known_load = applied.load})
            .run(session, inventory);
    EXPECT_FALSE(again.changed);
    EXPECT_EQ(again.warnings, applied.warnings);

    // What the other saves then is no change either, or the two would wake each other for ever.
    if (same_version && source == Source::runtime) {
      EXPECT_TRUE(saved(to, configuration, source) == sent) << "a save of the receiver would write another document";
    }
  }

  void try_all(Source source) {
    const auto first = number_from_environment("PROPERTY_SEED", 1);
    const auto rounds = number_from_environment("PROPERTY_ROUNDS", sanitized ? 1 : default_rounds);
    for (unsigned seed = first; seed < first + rounds; ++seed) {
      for (const auto& configuration : catalogue()) {
        if (configuration.name.starts_with("pgsql_")) continue;  // no stand-in of 3.0
        StandinEngine from(GetParam().from);
        if (!read_has(from, configuration)) continue;
        try_once(configuration, source, seed);
        if (HasFailure()) return;
      }
    }
    // The constraints must not keep all that the generator makes out of a table.
    for (const auto& name : empty_) EXPECT_TRUE(rounds < default_rounds || filled_.contains(name)) << name;
  }

 private:
  std::set<std::string> filled_;
  std::set<std::string> empty_;
};

TEST_P(Property, RuntimeArrivesUnchanged) { try_all(Source::runtime); }

TEST_P(Property, MemoryArrivesUnchanged) { try_all(Source::memory); }

INSTANTIATE_TEST_SUITE_P(Versions, Property,
                         ::testing::Values(Pair{StandinVersion::v2_7, StandinVersion::v2_7},
                                           Pair{StandinVersion::v2_7, StandinVersion::v1_1},
                                           Pair{StandinVersion::v1_1, StandinVersion::v2_7},
                                           Pair{StandinVersion::v1_1, StandinVersion::v1_1}),
                         [](const ::testing::TestParamInfo<Pair>& test) {
                           const auto word = [](StandinVersion version) {
                             return version == StandinVersion::v2_7 ? std::string("2_7") : std::string("1_1");
                           };
                           return word(test.param.from) + "_to_" + word(test.param.to);
                         });

TEST(PropertyOfText, DocumentsAndBlobsKeepEveryByte) {
  const auto first = number_from_environment("PROPERTY_SEED", 1);
  for (unsigned seed = first; seed < first + 20; ++seed) {
    SCOPED_TRACE("PROPERTY_SEED=" + std::to_string(seed));
    Generator generator(seed);
    std::vector<Table> tables = {{.name = "t", .columns = {"a", "b"}, .rows = {}}};
    for (int i = 0; i < 50; ++i) {
      tables[0].rows.push_back({generator.text(), generator.one_in(3) ? Cell() : Cell(generator.text())});
    }
    EXPECT_TRUE(parse_tables(format_tables(tables)) == tables);
    const auto packed = pack_tables(format_tables(tables), 1024);
    std::string whole;
    for (const auto& part : packed.parts) whole += part;
    const auto text = gunzip(whole, packed.blob.bytes);
    ASSERT_TRUE(text);
    EXPECT_TRUE(parse_tables(*text) == tables);
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
