// One key of Consul with its value: what a watch, a read and a pull deliver.
#pragma once

#include <cstdint>
#include <string>

namespace proxysql_consul {

struct KvEntry {
  std::string key;
  std::string value;               ///< decoded; empty where Consul holds none
  std::uint64_t modify_index = 0;  ///< the version: Consul raises it with every change
  std::string problem;             ///< why `value` could not be decoded, or empty
};

}  // namespace proxysql_consul
