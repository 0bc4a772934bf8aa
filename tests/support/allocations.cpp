#include "support/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace proxysql_consul::testing {
namespace {

std::atomic<std::size_t> counted{0};
std::atomic<std::ptrdiff_t> alive{0};
std::atomic<std::ptrdiff_t> held{0};
std::atomic<std::ptrdiff_t> most_held{0};

/// Null where there is no more.
void* take(std::size_t size) noexcept {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) return nullptr;
  ++counted;
  ++alive;
  const auto now = held += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  for (auto most = most_held.load(); most < now && !most_held.compare_exchange_weak(most, now);) {
  }
  return memory;
}

void* take_or_throw(std::size_t size) {
  void* memory = take(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  --alive;
  held -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

Allocations::Allocations() {
  counted = 0;
  alive = 0;
  held = 0;
  most_held = 0;
}

std::size_t Allocations::count() const { return counted; }

std::ptrdiff_t Allocations::live() const { return alive; }

std::size_t Allocations::peak() const { return static_cast<std::size_t>(most_held.load()); }

}  // namespace proxysql_consul::testing

void* operator new(std::size_t size) { return proxysql_consul::testing::take_or_throw(size); }
void* operator new[](std::size_t size) { return proxysql_consul::testing::take_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return proxysql_consul::testing::take(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return proxysql_consul::testing::take(size); }
void operator delete(void* memory) noexcept { proxysql_consul::testing::give_back(memory); }
void operator delete[](void* memory) noexcept { proxysql_consul::testing::give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { proxysql_consul::testing::give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { proxysql_consul::testing::give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { proxysql_consul::testing::give_back(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { proxysql_consul::testing::give_back(memory); }
