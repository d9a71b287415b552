// evaluate, models, inspect, tokenize and embed, through the program.
#include "app/workbench.h"
#include "io/npy.h"

namespace relatum::testing {
namespace {

class Commands : public Workbench {
 protected:
  // All right but the last, which has no answer.
  std::string predictions() const {
    std::string text;
    for (const json& each : corpus()) {
      const bool last = each["id"] == "10";
      text += each["id"].get<std::string>() + "\t" +
              (last ? "" : each["label"].get<std::string>()) + "\n";
    }
    return write("predictions.tsv", text);
  }
  Arguments evaluate(const Arguments& more = {}) const {
    return Arguments{"evaluate", "--data", path("rows.jsonl"), "--predictions", predictions()} +
           more;
  }
};

TEST_F(Commands, EvaluatePrintsATable) {
  write("labels.json", json(std::vector<std::string>(kLabels.rbegin(), kLabels.rend())).dump());
  const Outcome outcome = done(evaluate({"--labels", path("labels.json")}));
  EXPECT_EQ(outcome.err, "");
  for (const char* part : {"accuracy", "90.00", "95 % interval", "1 unparsed"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  size_t place = outcome.out.find("support");
  ASSERT_NE(place, std::string::npos);
  for (auto label = kLabels.rbegin(); label != kLabels.rend(); ++label) {  // as --labels has them
    const size_t next = outcome.out.find("\n" + *label + " ", place);
    ASSERT_NE(next, std::string::npos) << *label;
    place = next;
  }
}

TEST_F(Commands, EvaluatePrintsJson) {
  const Outcome outcome = done(evaluate({"--json", "--report", path("report.html")}));
  const auto figures = nlohmann::ordered_json::parse(outcome.out);
  EXPECT_EQ(figures["examples"], 10);
  EXPECT_EQ(figures["unparsed"], 1);
  EXPECT_EQ(figures["accuracy"], 0.9);
  EXPECT_EQ(figures["official"]["name"], "tacred_micro");
  for (const char* key : {"precision", "recall", "f1"}) {
    EXPECT_TRUE(figures["official"].contains(key)) << key;
  }
  for (const char* name :
       {"micro_all", "tacred_micro", "semeval_macro", "macro", "no_relation", "rag4re"}) {
    ASSERT_TRUE(figures["metrics"].contains(name)) << name;
  }
  EXPECT_TRUE(figures["metrics"]["semeval_macro"].is_null());
  EXPECT_EQ(figures["interval"]["samples"], 1000);
  EXPECT_EQ(figures["interval"]["level"], 0.95);
  std::vector<std::string> labels;
  for (const auto& [label, scores] : figures["per_label"].items()) labels.push_back(label);
  EXPECT_EQ(labels, kLabels);
  EXPECT_THAT(read("report.html"), HasSubstr("<html"));
}

TEST_F(Commands, BenchTellsWhatTheMachineReaches) {
  const Arguments bench = {"bench",    "--model",  kModel,   "--tokens",  "64",
                           "--length", "16",       "--rank", "4",         "--decode",
                           "3",        "--rounds", "1",      "--threads", "1"};
  const json figures = json::parse(done(bench + Arguments{"--json", "--compute", "f32"}).out);
  EXPECT_EQ(figures["products"], "f32");
  EXPECT_EQ(figures["tokens"], 64);
  EXPECT_EQ(figures["threads"], 1);
  EXPECT_GT(figures["gemm_flops_per_s"], 0);
  EXPECT_GT(figures["decode_tokens_per_s"], 0);
  for (const char* work : {"prefill", "training"}) {
    EXPECT_GT(figures[work]["tokens_per_s"], 0) << work;
    EXPECT_GT(figures[work]["time_in_products"], 0) << work;
  }
  const Arguments from_text = bench + Arguments{"--json",    "--text", path("words.txt"),
                                                "--compute", "f32",    "--skip-training"};
  write("words.txt", "in the end the king and the end");
  const json once = json::parse(done(from_text).out), again = json::parse(done(from_text).out);
  EXPECT_TRUE(once["training"].is_null());
  EXPECT_EQ(once["said_tokens"].size(), 4u);  // behind the first eight and each of three more
  for (const char* key : {"said_tokens", "next_token"}) EXPECT_EQ(once[key], again[key]);
  done(from_text + Arguments{"--logits", path("behind.npy")});
  const Matrix<float> logits = io::read_npy(path("behind.npy"));
  EXPECT_EQ(logits.rows(), 1);
  const float* row = logits.view().row(0);
  EXPECT_EQ(std::max_element(row, row + logits.cols()) - row, once["next_token"]);
  refused(from_text + Arguments{"--logits", path("behind.npy")}, {"behind.npy", "--overwrite"});
  write("words.txt", "");
  refused(from_text, {"words.txt", "no text"});
  const std::string table = done(bench).out;
  for (const char* part : {"Gop/s", "prefill, 4 rows of 16", "training, rank 4"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
  refused({"bench", "--model", kEmbedder}, {"encoder"});
}

TEST_F(Commands, EvaluateCountsMissingOnesWhenTold) {
  write_rows("rows.jsonl", corpus());
  write("few.tsv", "1\t" + kLabels[0] + "\n");
  const Arguments few = {"evaluate",      "--data",        path("rows.jsonl"),
                         "--predictions", path("few.tsv"), "--json"};
  refused(few, {"9 of 10", "'2'", "--missing wrong"});
  EXPECT_EQ(json::parse(done(few + Arguments{"--missing", "wrong"}).out)["accuracy"], 0.1);
}

TEST_F(Commands, ModelsListsWhatAFolderHolds) {
  copy(kModel, "models/tiny");
  copy(kEmbedder, "models/mini");
  write("models/broken.gguf", "GGUF");
  const Outcome text = done({"models", "--models", path("models")});
  for (const char* part : {"tiny", "llama", "mini", "bert", "broken", "cannot be used",
                           "language model", "embedder"}) {
    EXPECT_THAT(text.out, HasSubstr(part));
  }
  const json list = json::parse(done({"models", "--models", path("models"), "--json"}).out);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[2]["name"], "tiny");
  EXPECT_EQ(list[2]["architecture"], "llama");
  EXPECT_EQ(list[2]["use"], "language model");
  EXPECT_GT(list[2]["bytes"], 1000);
  EXPECT_FALSE(list[2].contains("problem"));
  EXPECT_EQ(list[0]["name"], "broken");
  EXPECT_THAT(list[0]["problem"].get<std::string>(), HasSubstr("broken.gguf"));
  EXPECT_EQ(list[2]["path"], path("models/tiny"));
  done({"tokenize", "--model", "tiny", "--models", path("models"), "--text", "a"});
  const Outcome none = done({"models"});  // the user's own folder, which is empty
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("scripts/quickstart"));
  const fs::path data = fs::path(path("data"));
  copy(kModel, "data/relatum/models/tiny");
  EXPECT_THAT(done({"models"}, {.environment = {{"XDG_DATA_HOME", data.string()}}}).out,
              HasSubstr("tiny"));
}

TEST_F(Commands, AnAdapterAmongModelsIsListedAsOne) {
  done(finetune("run"));
  fs::create_directories(path("models"));
  const auto lay = [&](const std::string& place) {
    fs::create_directories(fs::path(path(place)).parent_path());
    done({"export", "--adapter", path("run"), "--out", path(place)});
  };
  lay("models/mine.gguf");
  lay("models/pair/b-adapter.gguf");
  fs::copy_file(kOtherModel, path("models/pair/tiny.gguf"));
  const json list = json::parse(done({"models", "--models", path("models"), "--json"}).out);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["name"], "mine");
  EXPECT_EQ(list[0]["use"], "adapter");
  EXPECT_EQ(list[0]["architecture"], "llama");
  EXPECT_FALSE(list[0].contains("problem"));
  // Beside a model it takes nothing of the folder's name.
  EXPECT_EQ(list[1]["name"], "pair");
  EXPECT_EQ(list[1]["use"], "language model");
  EXPECT_EQ(list[1]["path"], path("models/pair/tiny.gguf"));
  done({"tokenize", "--model", "pair", "--models", path("models"), "--text", "a"});
  for (const std::string& model : {std::string("pair"), path("models/pair")}) {
    done(extract("answers.jsonl", plain() + Arguments{"--models", path("models"), "--overwrite"},
                 model));
  }
  refused(extract("b.jsonl", plain() + Arguments{"--models", path("models")}, "mine"),
          {"is an adapter, not a model", "--adapter"});
}

TEST_F(Commands, InspectTellsWhatAThingIs) {
  const auto said = [&](const std::string& what) { return done({"inspect", what}).out; };
  EXPECT_THAT(said(kModel), HasSubstr("Hugging Face folder"));
  EXPECT_THAT(said(kModel), HasSubstr("128 tokens, end token 2"));
  EXPECT_THAT(said(kModel), HasSubstr("weights kept as nf4, unpacked once"));
  EXPECT_THAT(said(kModel), HasSubstr("int8 "));
  EXPECT_THAT(said(kOtherModel), HasSubstr("GGUF version 3"));
  EXPECT_THAT(said(kEmbedder), HasSubstr("encoder"));
  EXPECT_THAT(said(RELATUM_FIXTURES "/llama/lora"), HasSubstr("adapter "));
  done(index("index"));
  EXPECT_THAT(said(path("index")), HasSubstr("10 of 32 values"));
  done(finetune("run"));
  EXPECT_THAT(said(path("run")), HasSubstr("base_hash"));
  EXPECT_THAT(said(path("run")), HasSubstr("target_modules"));
  const std::string all = done({"inspect", kModel, "--tensors"}).out;
  EXPECT_THAT(all, HasSubstr("model.layers.1.self_attn.o_proj.weight"));
}

TEST_F(Commands, EmbedTakesPlainLines) {
  const auto embed = [&](const std::string& out, const Arguments& more) {
    return Arguments{"embed", "--embedder", kEmbedder, "--out", path(out), "--threads", "1"} + more;
  };
  std::string lines;
  for (const json& each : corpus()) lines += each["text"].get<std::string>() + "\r\n";
  write("lines.txt", lines);
  done(embed("rows.npy", {"--data", path("rows.jsonl")}));
  done(embed("lines.npy", {"--lines", path("lines.txt")}));
  EXPECT_EQ(contents(path("lines.npy")), contents(path("rows.npy")));
  done(embed("stdin.npy", {"--lines", "-"}), {.input = lines});
  EXPECT_EQ(contents(path("stdin.npy")), contents(path("rows.npy")));
  done(embed("first.npy", {"--lines", path("lines.txt"), "--limit", "2"}));
  EXPECT_EQ(io::read_npy(path("first.npy")).rows(), 2);
  refused(embed("a.npy", {"--lines", write("gap.txt", "one\n \ntwo\n")}),
          {"gap.txt", "line 2", "empty"});
  refused(embed("a.npy", {"--lines", write("none.txt", "")}), {"none.txt", "empty"});
  refused(embed("a.npy", {"--lines", write("odd.txt", "caf\xe9\n")}), {"odd.txt", "UTF-8"});
  refused(embed("a.npy", {"--lines", "-"}), {"standard input", "empty"});
  const Outcome odd = run_program(embed("a.npy", {"--lines", "-"}), {.input = "caf\xe9\n"});
  EXPECT_NE(odd.status, 0);
  EXPECT_THAT(odd.err, HasSubstr("standard input has the byte 0xE9"));
  refused(embed("lines.txt", {"--lines", path("lines.txt"), "--overwrite"}), {"lines.txt"});
  EXPECT_EQ(run_program(embed("a.npy", {})).status, 2);
  EXPECT_EQ(run_program(embed("a.npy", {"--lines", path("lines.txt"), "--data", "x"})).status, 2);
  EXPECT_FALSE(fs::exists(path("a.npy")));
}

TEST_F(Commands, TokenizeShowsIds) {
  const Outcome once = done({"tokenize", "--model", kModel, "--text", "in the end"});
  const json shown = json::parse(once.out);
  EXPECT_EQ(shown["ids"], json({101, 106, 98, 110, 70}));  // in, Ġthe, Ġ, en, d as in its file
  EXPECT_EQ(shown["ids"].size(), shown["tokens"].size());
  const Outcome lines = done({"tokenize", "--model", kModel}, {.input = "in the end\nin\n"});
  const auto rows = json_lines(lines.out);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], shown);
}

TEST_F(Commands, EmbedWritesANumpyFile) {
  done({"embed", "--embedder", kEmbedder, "--data", path("rows.jsonl"), "--out", path("v.npy"),
        "--threads", "1"});
  const std::string file = read("v.npy");
  EXPECT_EQ(file.substr(1, 5), "NUMPY");
  EXPECT_THAT(file, HasSubstr("'shape': (10, 32)"));
  EXPECT_EQ((file.size() - 10 * 32 * sizeof(float)) % 64, 0u);  // an aligned header, then values
  const json record = json::parse(read("v.npy.run.json"));
  EXPECT_EQ(record["examples"], 10);
  EXPECT_EQ(record["threads"], 1);
  EXPECT_EQ(record["data"], path("rows.jsonl"));
  EXPECT_GT(record["examples_per_s"], 0.0);
}

}  // namespace
}  // namespace relatum::testing
