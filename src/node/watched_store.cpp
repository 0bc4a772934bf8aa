#include "proxysql_consul/node/watched_store.h"

namespace proxysql_consul {
namespace {

class WatchedStore : public KvStore {
  // Before those that ask, since its type is its answer's.
  template <typename Question>
  auto ask(Question question) {
    try {
      auto answer = question();
      seen_.consul_up = true;
      return answer;
    } catch (const Interrupted&) {
      throw;  // Consul had no time to answer.
    } catch (const Unavailable&) {
      seen_.consul_up = false;
      throw;
    } catch (const Error&) {
      // A refusal is an answer.
      seen_.consul_up = true;
      throw;
    }
  }

 public:
  WatchedStore(std::unique_ptr<KvStore> store, Keys keys, const Catalogue& catalogue, Seen& seen)
      : store_(std::move(store)), keys_(std::move(keys)), catalogue_(catalogue), seen_(seen) {}

  std::optional<KvEntry> get(std::string_view key) override {
    auto entry = ask([&] { return store_->get(key); });
    seen_.note(keys_, catalogue_, std::string(key), entry);
    return entry;
  }

  KvListing list(std::string_view prefix) override {
    return noted(prefix, ask([&] { return store_->list(prefix); }));
  }

  std::optional<KvListing> wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit,
                                const Meanwhile& meanwhile) override {
    // Where the waiting was ended from here Consul has said nothing.
    const auto before = seen_.consul_up;
    auto listing = ask([&] { return store_->wait(prefix, index, limit, meanwhile); });
    if (!listing) {
      seen_.consul_up = before;
      return listing;
    }
    return noted(prefix, std::move(*listing));
  }

  std::vector<std::string> keys(std::string_view prefix) override {
    return ask([&] { return store_->keys(prefix); });
  }

  bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) override {
    return ask([&] { return store_->put(key, value, cas); });
  }

  KvCommit commit(const std::vector<KvOperation>& operations) override {
    auto result = ask([&] { return store_->commit(operations); });
    const auto& first = operations.front();
    if (result.committed && first.verb == KvOperation::Verb::cas) {
      seen_.note(keys_, catalogue_, first.key,
                 KvEntry{.key = {}, .value = {}, .modify_index = result.index, .problem = {}});
    }
    return result;
  }

 private:
  KvListing noted(std::string_view prefix, KvListing listing) {
    if (prefix == keys_.prefix()) seen_.note(keys_, catalogue_, listing.entries, true);
    return listing;
  }

  std::unique_ptr<KvStore> store_;
  Keys keys_;
  const Catalogue& catalogue_;
  Seen& seen_;
};

}  // namespace

std::unique_ptr<KvStore> watch_store(std::unique_ptr<KvStore> store, Keys keys, const Catalogue& catalogue,
                                     Seen& seen) {
  return std::make_unique<WatchedStore>(std::move(store), std::move(keys), catalogue, seen);
}

}  // namespace proxysql_consul
