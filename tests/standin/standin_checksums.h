// runtime_checksums_values: how often each module was loaded, when, and a hash of what it then held.
#pragma once

#include <cstdint>
#include <string>

#include "standin/standin_layers.h"

namespace proxysql_consul::testing {

class StandinChecksums {
 public:
  /// The layers must outlive it. Makes the table, where the version has one.
  explicit StandinChecksums(StandinLayers& layers);

  /// The module was loaded at `now`, in seconds since the epoch.
  void loaded(const Module& module, std::int64_t now);

 private:
  void bump(const std::string& name, const Module& module, std::int64_t now);

  StandinLayers& layers_;
};

}  // namespace proxysql_consul::testing
