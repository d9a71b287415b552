// The way from a corpus to figures, on ten sentences and tiny models, through the program.
#include <algorithm>
#include <limits>

#include "app/workbench.h"
#include "kernels/cpu.h"

namespace relatum::testing {
namespace {

class Corpus : public Workbench {
 protected:
  // Rows in order, with exactly the promised keys and labels of the inventory.
  void check_predictions(const std::vector<json>& rows, const std::set<std::string>& keys) {
    ASSERT_EQ(rows.size(), corpus().size());
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i]["id"], corpus()[i]["id"]);
      EXPECT_EQ(keys_of(rows[i]), keys);
      EXPECT_TRUE(rows[i]["answer"].is_string());
      if (!rows[i]["label"].is_null()) {
        EXPECT_THAT(kLabels, ::testing::Contains(rows[i]["label"].get<std::string>()));
      }
    }
  }
};

const std::set<std::string> kKeys = {"id", "label", "probability", "answer", "neighbours"};

TEST_F(Corpus, IndexHoldsEveryRow) {
  done(index("index"));
  EXPECT_EQ(json::parse(read("index/labels.json")), json(kLabels));
  const json manifest = json::parse(read("index/index.json"));
  EXPECT_EQ(manifest["count"], 10);
  EXPECT_EQ(manifest["embedder"]["name"], "bert");
  EXPECT_EQ(manifest["embedder"]["compute"], "f32");
  done(index("second", {"--compute", "auto"}));  // recorded is what "auto" came to
  EXPECT_NE(json::parse(read("second/index.json"))["embedder"]["compute"], "auto");
}

TEST_F(Corpus, PrepareRetrievesByPurpose) {
  done(index("index"));
  const Arguments prompt = Arguments{"--prompt", path("example.txt")} + with_index();
  done(prepare("test.jsonl", prompt));
  done(prepare("train.jsonl", prompt + Arguments{"--for", "train"}));
  const auto test = read_rows("test.jsonl"), train = read_rows("train.jsonl");
  ASSERT_EQ(test.size(), 10u);
  ASSERT_EQ(train.size(), 10u);
  for (size_t i = 0; i < test.size(); ++i) {
    EXPECT_EQ(keys_of(test[i]),
              (std::set<std::string>{"id", "prompt", "completion", "prefix_chars"}));
    const json source = corpus()[i];
    EXPECT_EQ(test[i]["completion"], " " + source["label"].get<std::string>());
    const std::string own = source["text"].get<std::string>() + " ";
    EXPECT_TRUE(test[i]["prompt"].get<std::string>().starts_with(own));
    EXPECT_FALSE(train[i]["prompt"].get<std::string>().starts_with(own));
  }
}

TEST_F(Corpus, FinetuneWritesAWholeRun) {
  const Outcome outcome = done(finetune("run", {"--batch-tokens", "128", "--holdout", "3"}));
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, Not(HasSubstr("\r")));  // no progress line where there is no terminal
  for (const char* needs : {"memory", "disk"}) EXPECT_THAT(outcome.err, HasSubstr(needs));
  EXPECT_EQ(json::parse(read("run/labels.json")), json(kLabels));
  EXPECT_TRUE(there("run/adapter_config.json"));
  EXPECT_TRUE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(there("run/state"));
  const json record = json::parse(read("run/run.json"));
  for (const char* key :
       {"version", "time",         "base",           "base_hash",      "prompt",       "index",
        "tokens",  "tokens_per_s", "examples_per_s", "peak_rss_bytes", "seed",         "rank",
        "alpha",   "dropout",      "targets",        "epochs",         "lr",           "schedule",
        "warmup",  "weight_decay", "clip",           "batch_tokens",   "micro_tokens", "model",
        "train",   "dev",          "holdout",        "threads",        "compute",      "method"}) {
    EXPECT_TRUE(record.contains(key)) << key;
  }
  EXPECT_EQ(record["status"], "done");
  EXPECT_EQ(record["examples"], 7);
  EXPECT_EQ(record["base"], "nf4");
  int64_t steps = 0, evaluations = 0;
  for (const json& entry : read_rows("run/log.jsonl")) {
    if (entry.contains("dev_f1")) {
      ++evaluations;
      continue;
    }
    EXPECT_EQ(entry["step"], ++steps);
    for (const char* key : {"loss", "lr", "tokens_per_s"}) EXPECT_TRUE(entry.contains(key)) << key;
  }
  EXPECT_EQ(steps, record["steps"]);
  EXPECT_EQ(evaluations, 1);
}

TEST_F(Corpus, ScoresAreProbabilities) {
  const Outcome outcome = done(extract("p.jsonl", plain() + Arguments{"--scores"}));
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, Not(HasSubstr("\r")));
  const auto rows = read_rows("p.jsonl");
  std::set<std::string> keys = kKeys;
  keys.insert("scores");
  check_predictions(rows, keys);
  for (const json& each : rows) {
    double sum = 0, best = 0;
    for (const auto& [label, probability] : each["scores"].items()) {
      sum += probability.get<double>();
      best = std::max(best, probability.get<double>());
    }
    // A quotient of exponentials each, a few roundings per label, then as many additions.
    const double roundings = 8.0 * double(kLabels.size());
    EXPECT_NEAR(sum, 1.0, roundings * std::numeric_limits<double>::epsilon());
    EXPECT_EQ(keys_of(each["scores"]), std::set<std::string>(kLabels.begin(), kLabels.end()));
    EXPECT_EQ(each["probability"], best);
    EXPECT_EQ(each["scores"][each["label"].get<std::string>()], best);
  }
}

TEST_F(Corpus, NegligibleLabelsNeedNotBeToldApart) {
  done(extract("whole.jsonl", plain() + Arguments{"--scores"}));
  done(extract("part.jsonl", plain() + Arguments{"--scores", "--negligible", "0.001"}));
  const auto whole = read_rows("whole.jsonl"), part = read_rows("part.jsonl");
  ASSERT_EQ(part.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(keys_of(part[i]["scores"]), keys_of(whole[i]["scores"]));
    for (const auto& [label, probability] : whole[i]["scores"].items()) {
      EXPECT_NEAR(part[i]["scores"][label].get<double>(), probability.get<double>(),
                  0.001 * double(kLabels.size()) + 1e-6);
    }
  }
  EXPECT_EQ(json::parse(read("part.jsonl.run.json"))["negligible"], 0.001);
}

TEST_F(Corpus, Int8IsForExtraction) {
  const auto with = [](Arguments arguments, const char* compute) {
    *(std::find(arguments.begin(), arguments.end(), "--compute") + 1) = compute;
    return arguments;
  };
  const Outcome outcome = run_program(with(finetune("run"), "int8"));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("int8"));
  done(finetune("run"));
  refused(with(extract("p.jsonl", plain()), "int8") + Arguments{"--low-memory"},
          {"int8", "low memory"});
  done(with(extract("p.jsonl", {"--adapter", path("run")}), "int8"));
  check_predictions(read_rows("p.jsonl"), kKeys);
  EXPECT_EQ(json::parse(read("p.jsonl.run.json"))["compute"], "int8");
}

TEST_F(Corpus, MemoryMayBeLimited) {
  refused(finetune("run", {"--memory", "1kB"}), {"does not fit", "--low-memory"});
  done(finetune("run", {"--memory", "8GB"}));
  EXPECT_EQ(json::parse(read("run/run.json"))["checkpoint"], false);
}

TEST_F(Corpus, ConstrainedAnswersAreLabels) {
  done(extract("p.jsonl", plain() + Arguments{"--answer", "constrained"}));
  const auto rows = read_rows("p.jsonl");
  check_predictions(rows, kKeys);
  for (const json& each : rows) {
    ASSERT_TRUE(each["label"].is_string());
    EXPECT_GT(each["probability"], 0.0);
    EXPECT_LE(each["probability"], 1.0);
  }
}

TEST_F(Corpus, FreeAnswersMayBeNoLabel) {
  done(extract("p.jsonl", plain() + Arguments{"--answer", "free", "--max-new-tokens", "8"}));
  const auto rows = read_rows("p.jsonl");
  check_predictions(rows, kKeys);
  int64_t unparsed = 0;
  for (const json& each : rows) {
    EXPECT_TRUE(each["probability"].is_null());
    unparsed += each["label"].is_null();
  }
  EXPECT_EQ(json::parse(read("p.jsonl.run.json"))["unparsed"], unparsed);
  const Outcome figures = done(
      {"evaluate", "--data", path("rows.jsonl"), "--predictions", path("p.jsonl"), "--json"});
  EXPECT_EQ(json::parse(figures.out)["unparsed"], unparsed);
}

TEST_F(Corpus, StandardStreamsWorkAsFiles) {
  done(extract("p.jsonl", plain()));
  Arguments piped = extract("-", plain());
  piped[4] = "-";
  piped[6] = "-";
  const Outcome outcome = done(piped, {.input = read("rows.jsonl")});
  EXPECT_EQ(outcome.out, read("p.jsonl"));
  EXPECT_FALSE(there("-"));
}

TEST_F(Corpus, MissingFoldersAreMade) {
  done(extract("new/folder/p.jsonl", plain()));
  EXPECT_EQ(read_rows("new/folder/p.jsonl").size(), 10u);
}

TEST_F(Corpus, AnUnlabelledSentenceTakesTheIndexsLabels) {
  done(index("index"));
  json bare = corpus()[0];
  bare.erase("label");
  write_rows("rows.jsonl", {bare});
  done(extract("p.jsonl", plain() + with_index() + Arguments{"--scores"}));
  const auto rows = read_rows("p.jsonl");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["scores"].size(), kLabels.size());
  ASSERT_EQ(rows[0]["neighbours"].size(), 1u);
  EXPECT_EQ(rows[0]["neighbours"][0]["id"], "1");
  EXPECT_EQ(json::parse(read("p.jsonl.run.json"))["overlap"], 1);
}

TEST_F(Corpus, AnAdapterRemembersHowItWasTrained) {
  done(index("index"));
  done(finetune("run"));
  done(extract("p.jsonl", {"--adapter", path("run")}));
  json record = json::parse(read("p.jsonl.run.json"));
  EXPECT_EQ(record["prompt"], path("plain.txt"));
  EXPECT_EQ(record["base"], "nf4");
  EXPECT_EQ(record["index"], "");
  const Arguments adapter = {"--adapter", path("run")};
  const Outcome other = done(extract("q.jsonl", adapter + with_index()));
  EXPECT_THAT(other.err, HasSubstr("trained without retrieved examples"));
  record = json::parse(read("q.jsonl.run.json"));
  EXPECT_EQ(record["index"], path("index"));
  EXPECT_EQ(record["trained"]["index"], "");
  EXPECT_EQ(read_rows("q.jsonl")[0]["neighbours"].size(), 1u);
}

TEST_F(Corpus, AnotherIndexHasToBeMeant) {
  done(index("index"));
  done(finetune("run", with_index()));
  done(extract("p.jsonl", Arguments{"--adapter", path("run")} + with_index()));
  fs::remove_all(path("index"));
  done(index("index", {"--limit", "6"}));
  const Arguments again = extract("q.jsonl", Arguments{"--adapter", path("run")} + with_index());
  refused(again, {"run", "an index whose hash is", "--force"});
  const Outcome forced = done(again + Arguments{"--force"});
  EXPECT_THAT(forced.err, HasSubstr("warning: the adapter was trained with"));
  const json record = json::parse(read("q.jsonl.run.json"));
  EXPECT_NE(record["index_hash"], record["trained"]["index_hash"]);
}

TEST_F(Corpus, TrainAndDevShareAnInventory) {
  write_rows("dev.jsonl", {row("a", "Rust ate the iron.", "Rust", "iron", "eats")});
  const Outcome open = done(finetune("run", {"--dev", path("dev.jsonl")}));
  EXPECT_THAT(open.err, HasSubstr("dev.jsonl: no training example has the label 'eats'"));
  EXPECT_EQ(json::parse(read("run/labels.json")).back(), "eats");
  write("labels.json", json(kLabels).dump());
  refused(finetune("other", {"--dev", path("dev.jsonl"), "--labels", path("labels.json")}),
          {"dev.jsonl:1", "'eats'"});
  std::vector<std::string> reversed(kLabels.rbegin(), kLabels.rend());
  write("labels.json", json(reversed).dump());
  done(finetune("third", {"--labels", path("labels.json")}));
  EXPECT_EQ(json::parse(read("third/labels.json")), json(reversed));
}

}  // namespace
}  // namespace relatum::testing
