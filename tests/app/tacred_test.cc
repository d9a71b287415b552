// Every command on the sixty published sample instances of TACRED.
#include "app/workbench.h"
#include "support/shared.h"

namespace relatum::testing {
namespace {

class Tacred : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    // The tiny model with room for long sentences; BERT's cuts its texts itself.
    copy(kModel, "model");
    json config = json::parse(read("model/config.json"));
    config["max_position_embeddings"] = 2048;
    write("model/config.json", config.dump());
  }
};

TEST_F(Tacred, EveryCommandTakesItsSamples) {
  const auto train = shared_file("tacred/sample_train.json");
  const auto dev = shared_file("tacred/sample_dev.json");
  const auto test = shared_file("tacred/sample_test.json");
  RELATUM_NEEDS(train);
  RELATUM_NEEDS(dev);
  RELATUM_NEEDS(test);
  const std::string data = "tacred:" + test->string(), model = path("model");
  const Arguments one = {"--threads", "1"};
  done(Arguments{"index", "--embedder", kEmbedder, "--data", "tacred:" + train->string(), "--out",
                 path("index")} +
       one);
  EXPECT_EQ(json::parse(read("index/labels.json")).size(), 42u);
  done(Arguments{"embed", "--embedder", kEmbedder, "--data", data, "--out", path("v.npy")} + one);
  done(Arguments{"prepare", "--data", data, "--prompt", "rag4re", "--out", path("prompts.jsonl")} +
       with_index() + one);
  const size_t rows = read_rows("prompts.jsonl").size();
  done(Arguments{"finetune", "--model", model, "--train", "tacred:" + train->string(), "--dev",
                 "tacred:" + dev->string(), "--prompt", "compact-nolist", "--epochs", "1", "--out",
                 path("run"), "--compute", "f32"} +
       with_index() + one);
  done(Arguments{"extract", "--model", model, "--adapter", path("run"), "--data", data, "--out",
                 path("p.jsonl"), "--scores", "--compute", "f32"} +
       with_index() + one);
  const auto predictions = read_rows("p.jsonl");
  ASSERT_EQ(predictions.size(), rows);
  EXPECT_EQ(predictions[0]["scores"].size(), 42u);
  const json figures = json::parse(
      done({"evaluate", "--data", data, "--predictions", path("p.jsonl"), "--json"}).out);
  EXPECT_EQ(figures["examples"], rows);
  EXPECT_EQ(figures["official"]["name"], "tacred_micro");
  EXPECT_EQ(figures["per_label"].size(), 42u);
  const auto rev = shared_file("tacrev/test_patch.json");
  const auto re = shared_file("retacred/test_id2label.json");
  RELATUM_NEEDS(rev);
  RELATUM_NEEDS(re);
  for (const std::string& patch : {"tacrev:" + rev->string(), "retacred:" + re->string()}) {
    const Arguments relabel = {"--relabel", patch};
    done(Arguments{"extract", "--model", model, "--adapter", path("run"), "--data", data, "--out",
                   path("r.jsonl"), "--overwrite", "--compute", "f32"} +
         relabel + with_index() + one);
    const json scored = json::parse(
        done(Arguments{"evaluate", "--data", data, "--predictions", path("r.jsonl"), "--json"} +
             relabel)
            .out);
    EXPECT_EQ(scored["examples"], read_rows("r.jsonl").size());
    EXPECT_EQ(scored["official"]["name"], "tacred_micro");
  }
  const Outcome streamed = done({"tokenize", "--model", model}, {.input = contents(*test)});
  EXPECT_FALSE(streamed.out.empty());
}

}  // namespace
}  // namespace relatum::testing
