// State files: what is written comes back bit for bit, what is forged is refused.
#include "train/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "base/error.h"
#include "io/safetensors.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const train::Identity kIdentity{
    {{"label 1", "a \"quoted\""}}, {1, 2, ~uint64_t{0}}, {{"--lr", "0.1"}}};

class State : public ::testing::Test {
 protected:
  using Metadata = std::map<std::string, std::string>;

  static Metadata sound() {
    return {{"step", "3"},           {"best_step", "2"}, {"without_gain", "1"},
            {"tokens", "90"},        {"examples", "4"},  {"microseconds", "1500"},
            {"evaluation_due", "0"}, {"last_loss", "2"}, {"last_loss_low", "1"}};
  }
  // Writes a state with these entries and arrays of `size` values; reads it for two.
  train::TrainState read(const Metadata& metadata, int64_t size = 2,
                         const std::string& without = "", const std::string& type = "F32") {
    const std::vector<float> values(size_t(2 * size), 0.5f);
    std::vector<io::SafetensorsOutput> tensors;
    for (const char* name : {"values", "m", "v"}) {
      const size_t bytes = size_t(size) * io::safetensors_dtype_size(type);
      if (name != without) {
        tensors.push_back({name, type, {size}, std::as_bytes(std::span(values)).first(bytes)});
      }
    }
    io::write_safetensors(path_, tensors, metadata);
    return train::load_state(path_, 2);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "state.safetensors";
};

TEST_F(State, ComesBackAsItWas) {
  const std::vector<float> values{1.5f, -0.0f, 1e-42f}, m{1, 2, 3}, v{4, 5, 6}, best{7, 8, 9};
  for (const double metric : {0.1, -0.3, 0.0, -1e-310, 85.01}) {
    const train::TrainCounters counters{11, 8, 2, 700, 30, 1500, true, metric, -metric};
    train::save_state(path_, {counters, values, m, v, best}, kIdentity);
    const train::TrainState state = train::load_state(path_, 3);
    EXPECT_EQ(state.step, 11);
    EXPECT_EQ(state.best_step, 8);
    EXPECT_EQ(state.without_gain, 2);
    EXPECT_EQ(state.tokens, 700);
    EXPECT_EQ(state.examples, 30);
    EXPECT_EQ(state.microseconds, 1500);
    EXPECT_TRUE(state.evaluation_due);
    EXPECT_EQ(state.best_metric, metric);
    EXPECT_EQ(state.last_loss, -metric);
    EXPECT_EQ(std::memcmp(state.values.data(), values.data(), 12), 0);
    EXPECT_EQ(state.m, m);
    EXPECT_EQ(state.v, v);
    EXPECT_EQ(state.best, best);
  }
  train::save_state(path_, {{}, values, m, v, {}}, {});
  const train::TrainState state = train::load_state(path_, 3);
  EXPECT_FALSE(state.evaluation_due);
  EXPECT_FALSE(state.best_metric);
  EXPECT_TRUE(state.best.empty());
}

TEST_F(State, KnowsWhoseItIs) {
  const std::vector<float> one{1};
  train::save_state(path_, {{}, one, one, one, {}}, kIdentity);
  const train::Identity identity = train::load_identity(path_);
  EXPECT_EQ(identity.given, kIdentity.given);
  EXPECT_EQ(identity.rows, kIdentity.rows);
  EXPECT_EQ(identity.options, kIdentity.options);
  read(sound());  // of another version: without names
  EXPECT_THAT([&] { train::load_identity(path_); },
              ThrowsMessage<Error>(AllOf(HasSubstr(path_.string()), HasSubstr("this version"))));
}

TEST_F(State, SaysWhatDiffers) {
  using train::difference;
  const train::Identity& then = kIdentity;
  train::Identity now = then;
  EXPECT_EQ(difference(now, then, {}), "");
  now.options[0].value = "0.5";
  EXPECT_EQ(difference(now, then, {}), "--lr was 0.1 and is now 0.5");
  now.rows[1] = 9;
  const std::vector<std::string> names{"example 'a'", "example 'b'", "example 'c'"};
  EXPECT_EQ(difference(now, then, names),
            "of the training rows (--train), example 'b' reads otherwise than it did");
  EXPECT_EQ(difference(now, then, {}),
            "of the training rows (--train), row 2 reads otherwise than it did");
  now.rows = {8, 9, ~uint64_t{0}};
  EXPECT_EQ(difference(now, then, names),
            "2 of 3 training rows (--train) read otherwise than they did, example 'a' first");
  now.rows = {2, 1, ~uint64_t{0}};
  EXPECT_EQ(difference(now, then, names), "the training rows (--train) stand in another order");
  now.rows = {1, 2};
  EXPECT_EQ(difference(now, then, names),
            "the number of training rows (--train) was 3 and is now 2");
  now.given = {{"label 1", "b"}};
  EXPECT_EQ(difference(now, then, names), "label 1 was a \"quoted\" and is now b");
  now.given = {};
  EXPECT_EQ(difference(now, then, names), "label 1 was a \"quoted\" and is now nothing");
  // What another version records beside it says nothing alone.
  now = then;
  now.given.push_back({"the base's head_dim", "8", true});
  EXPECT_EQ(difference(now, then, {}), "");
  train::Identity other = now;
  other.given.back().value = "16";
  EXPECT_EQ(difference(now, other, {}), "the base's head_dim was 16 and is now 8");
  EXPECT_EQ(train::named_values(train::to_text(now.given), "here"), now.given);
}

TEST_F(State, SoundOneIsRead) { EXPECT_EQ(read(sound()).step, 3); }

TEST_F(State, RefusesMissingOrDamagedEntries) {
  for (const auto& [key, value] : sound()) {
    Metadata without = sound();
    without.erase(key);
    EXPECT_THAT([&] { read(without); },
                ThrowsMessage<Error>(AllOf(HasSubstr(path_.string()), HasSubstr(key))));
    for (const char* damaged : {"", "x", "-1", "3 ", "0x3", "99999999999999999999"}) {
      Metadata other = sound();
      other[key] = damaged;
      EXPECT_THAT([&] { read(other); },
                  ThrowsMessage<Error>(
                      AllOf(HasSubstr(path_.string()), HasSubstr(key), HasSubstr("not a count"))));
    }
  }
}

TEST_F(State, RefusesOtherArrays) {
  EXPECT_THAT([&] { read(sound(), 3); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr(path_.string()), HasSubstr("expected 2 values, got 3"))));
  for (const char* name : {"values", "m", "v"}) {
    EXPECT_THAT([&] { read(sound(), 2, name); }, ThrowsMessage<Error>(HasSubstr(name)));
  }
  EXPECT_THROW(read(sound(), 2, "", "I64"), Error);
}

TEST_F(State, RefusesABestResultWithoutItsAdapter) {
  Metadata metadata = sound();
  metadata["best_metric"] = "5";
  metadata["best_metric_low"] = "1";
  EXPECT_THAT([&] { read(metadata); }, ThrowsMessage<Error>(HasSubstr("best")));
}

}  // namespace
}  // namespace relatum::testing
