// runtime_checksums_values: how often each module was loaded, when, and a hash of what it holds; and the CHECKSUM
// statement, which hashes one table of memory or disk.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "standin/standin_layers.h"

namespace proxysql_consul::testing {

struct Checksum {
  unsigned version = 0;
  std::int64_t epoch = 0;  ///< seconds
  std::string checksum = {};
};

/// By the names of runtime_checksums_values.
using Checksums = std::map<std::string, Checksum>;

class StandinChecksums {
 public:
  /// Goes on counting from `before`. The layers must outlive it. Makes the table, where the version has one.
  explicit StandinChecksums(StandinLayers& layers, Checksums before = {});

  /// The module was loaded at `now`.
  void loaded(const Module& module, std::int64_t now);
  /// A monitor moved servers at runtime: a LOAD to versions before 2.6, later ones keep the version.
  void moved(const Module& servers, std::int64_t now);
  const Checksums& values() const { return values_; }
  /// What SELECT GLOBAL_CHECKSUM() says.
  std::string global() const;

 private:
  std::string runtime_checksum(const Module& module) const;
  void set(const std::string& name, bool is_load, std::int64_t now, std::string checksum);

  StandinLayers& layers_;
  Checksums values_;
};

/// The statement that answers `command`, upper case and folded, where that is a CHECKSUM which the version knows.
std::optional<std::string> checksum_statement(StandinLayers& layers, const std::string& command);

}  // namespace proxysql_consul::testing
