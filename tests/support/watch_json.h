// What a Consul watch writes to its handler's stdin.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/model/kv_entry.h"

namespace proxysql_consul::testing {

/// Of a watch of type key.
inline std::string format_watch_entry(const KvEntry& entry) {
  return R"({"LockIndex":0,"Key":")" + entry.key + R"(","Flags":0,"Value":)" +
         (entry.value.empty() ? "null" : '"' + to_base64(entry.value) + '"') + R"(,"CreateIndex":1,"ModifyIndex":)" +
         std::to_string(entry.modify_index) + "}";
}

/// Of a watch of type keyprefix.
inline std::string format_watch(const std::vector<KvEntry>& entries) {
  std::string json;
  for (const auto& entry : entries) json += (json.empty() ? "[" : ",") + format_watch_entry(entry);
  return json.empty() ? "null" : json + "]";
}

}  // namespace proxysql_consul::testing
