// What one LOAD or SAVE command covers.
#pragma once

#include <string>
#include <vector>

#include "standin/standin_types.h"

namespace proxysql_consul::testing {

struct Module {
  std::string words;                ///< as in LOAD words TO RUNTIME
  std::vector<std::string> tables;  ///< without global_variables
  std::string variables;            ///< which rows of global_variables: mysql for mysql-%; empty: none
  std::string checksum;             ///< its row of runtime_checksums_values, empty without one
  bool in_1_1 = false;
  StandinVersion since = StandinVersion::v2_0;  ///< of those after 1.1
};

/// In the order in which a start loads them.
const std::vector<Module>& modules();
/// Null where that version knows no such words.
const Module* find_module(const std::string& words, StandinVersion version);
bool in_version(const Module& module, StandinVersion version);

}  // namespace proxysql_consul::testing
