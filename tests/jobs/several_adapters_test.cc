// Extraction with several adapters over one base: rows name theirs, and get its answers.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "desk.h"
#include "io/json.h"
#include "jobs/answerer.h"
#include "jobs/build_index.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "support/error_of.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Not;

// Three runs with labels, styles and forms of their own, and rows that take turns.
class SeveralAdapters : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    teach_run("causes", teach(), kLabels);
    jobs::FinetuneOptions other = teach();
    other.prompt = "roles-nolist";
    other.adapter.magnitudes = true;
    other.training.seed = 2;
    teach_run("parts", other, {"has(e1,e2)", "part-of", "has(e2,e1)", "Other"});
    other = teach();
    other.adapter.rank = 3;
    other.save_modules = "lm_head";
    other.training.seed = 3;
    teach_run("third", other, {"x", "y", "y", "no_relation"});
    write_rows("mixed.jsonl", mixed(30));
    warnings_.clear();
    lines_.clear();
  }

  // Teaches run NAME with the corpus under other labels, at a rate that sets adapters apart.
  void teach_run(const std::string& name, jobs::FinetuneOptions options,
                 const std::vector<std::string>& labels) {
    std::vector<json> rows = corpus();
    for (json& row : rows) {
      const auto at = std::ranges::find(kLabels, row["label"].get<std::string>());
      row["label"] = labels[size_t(at - kLabels.begin())];
    }
    options.train = write_rows(name + ".train.jsonl", rows);
    options.out = path(name);
    options.learning_rate = 0.02;
    options.training.epochs = 2;
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
  }
  static std::vector<json> mixed(int64_t count) {
    std::vector<json> rows = many(count);
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].erase("label");
      rows[i]["adapter"] = kNames[i * i % 3 == 0 ? i % 2 : 2];
    }
    return rows;
  }
  jobs::ExtractOptions ask_all(const std::string& out = "-") const {
    jobs::ExtractOptions options = ask(out);
    options.model.model = "";
    options.prompt = "";
    options.input = path("mixed.jsonl");
    for (const std::string& name : kNames) options.adapters.push_back({name, path(name)});
    options.scores = out == "-";
    return options;
  }
  std::string answers(const jobs::ExtractOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return std::exchange(out_, "");
  }
  // The answers of each adapter alone to its own rows, put in the order of all.
  std::vector<json> one_at_a_time(const jobs::ExtractOptions& all) {
    std::map<std::string, json> by_id;
    for (const jobs::NamedAdapter& adapter : all.adapters) {
      std::vector<json> own;
      for (json row : json_lines(read_file(all.input))) {
        if (row["adapter"] == adapter.name) own.push_back(row);
      }
      jobs::ExtractOptions options = all;
      options.adapters.clear();
      options.adapter = adapter.folder;
      options.input = write_rows("own.jsonl", own);
      for (json answer : json_lines(answers(options))) {
        answer["adapter"] = adapter.name;
        by_id[answer["id"]] = answer;
      }
    }
    std::vector<json> ordered;
    for (const json& row : json_lines(read_file(all.input))) ordered.push_back(by_id[row["id"]]);
    return ordered;
  }
  // Equal but for the last digits of probabilities: batches add in another order.
  void expect_as_alone(const jobs::ExtractOptions& options, double slack) {
    const std::vector<json> got = json_lines(answers(options)), want = one_at_a_time(options);
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      for (const char* key : {"id", "adapter", "label", "answer", "neighbours"}) {
        if (key != std::string("neighbours")) {
          EXPECT_EQ(got[i][key], want[i][key]) << i;
        } else {
          EXPECT_EQ(got[i][key].size(), want[i][key].size()) << i;
        }
      }
      if (got[i]["probability"].is_null()) continue;
      EXPECT_NEAR(got[i]["probability"], want[i]["probability"], slack) << i;
      const json scores = want[i].value("scores", json::object());
      for (const auto& [label, score] : scores.items()) {
        EXPECT_NEAR(got[i]["scores"][label], score, slack) << i << ' ' << label;
      }
    }
  }
  std::string refusal(const jobs::ExtractOptions& options) {
    const std::string sentence = error_of([&] { jobs::extract(options, host_); });
    EXPECT_EQ(out_, "");
    return sentence;
  }

  static inline const std::vector<std::string> kNames = {"causes", "parts", "third"};
  // Of a probability, where sums of some log-probabilities round in f32.
  static constexpr double kSlack = 1e-4;
};

TEST_F(SeveralAdapters, AnswerAsEachDoesAlone) {
  for (const char* answer : {"scored", "shares", "constrained", "free"}) {
    for (const int64_t batch_tokens : {60, 400, 4096}) {
      SCOPED_TRACE(answer + std::to_string(batch_tokens));
      jobs::ExtractOptions options = ask_all();
      options.answer = answer;
      options.batch_tokens = batch_tokens;
      options.max_new_tokens = 5;
      expect_as_alone(options, kSlack);
    }
  }
  jobs::ExtractOptions options = ask_all();
  options.negligible = 1e-3;  // what is left out may be another label, so probabilities move by it
  expect_as_alone(options, 4e-3);
  // They are three adapters: each has answers that no other can give.
  std::set<std::string> labels;
  for (const json& each : json_lines(answers(ask_all()))) {
    for (const auto& [label, score] : each["scores"].items()) labels.insert(label);
  }
  EXPECT_EQ(labels.size(), 9u);
}

// The base becomes integers, the pairs stay beside them; alone, an adapter becomes part of them.
TEST_F(SeveralAdapters, StandBesideIntegers) {
  jobs::ExtractOptions options = ask_all();
  options.model.compute = "int8";
  const std::vector<json> integers = json_lines(answers(options)),
                          floats = json_lines(answers(ask_all()));
  double most = 0;
  for (size_t i = 0; i < integers.size(); ++i) {
    for (const auto& [label, score] : floats[i]["scores"].items()) {
      most = std::max(most,
                      std::abs(integers[i]["scores"][label].get<double>() - score.get<double>()));
    }
  }
  EXPECT_GT(most, 0);
  EXPECT_LT(most, 0.1);  // a step of an 8-bit integer, 1 / 127, in each of some ten products
}

TEST_F(SeveralAdapters, EachHasItsOwnNeighbours) {
  jobs::IndexOptions index;
  index.input = path("causes.train.jsonl");
  index.embedder = kEmbedder;
  index.out = path("index");
  ASSERT_TRUE(jobs::build_index(index, host_));
  jobs::FinetuneOptions options = teach();
  options.prompt = write("maybe.txt",
                         "{{#example}}{{example_text}} {{example_label}}\n{{/example}}"
                         "{{text}}:");
  options.index = path("index");
  options.embedder = kEmbedder;
  options.overwrite = true;
  teach_run("causes", options, kLabels);
  expect_as_alone(ask_all(), kSlack);
  for (const json& each : json_lines(answers(ask_all()))) {
    EXPECT_EQ(each["neighbours"].size(), each["adapter"] == "causes" ? 1u : 0u);
  }
  warnings_.clear();
  jobs::ExtractOptions more = ask_all();
  more.neighbours = 1;
  answers(more);
  const auto of = [](const char* name) {
    return HasSubstr(
        fmt::format("--neighbours has no effect on the adapter '{}', which has no index", name));
  };
  EXPECT_THAT(warnings_, Contains(of("parts")));
  EXPECT_THAT(warnings_, Contains(of("third")));
  EXPECT_THAT(warnings_, Not(Contains(of("causes"))));
}

TEST_F(SeveralAdapters, PredictionsCarryTheirNames) {
  const std::vector<json> rows = json_lines(read("mixed.jsonl"));
  const auto got = json_lines(answers(ask_all()));
  ASSERT_EQ(got.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(got[i]["adapter"], rows[i]["adapter"]);
  jobs::ExtractOptions options = ask_all();
  options.scores = false;
  options.format = "csv";
  const std::string table = answers(options);
  EXPECT_TRUE(table.starts_with("id,label,probability,answer,head,tail,text,adapter\n")) << table;
  EXPECT_THAT(table, HasSubstr(",third\n"));
  options.format = "triples";
  EXPECT_TRUE(answers(options).starts_with("head\trelation\ttail\tprobability\tid\tadapter\n"));
  // Each adapter's own label that means no relation.
  options.format = "";
  options.skip_negative = true;
  for (const json& each : json_lines(answers(options))) {
    EXPECT_NE(each["label"], each["adapter"] == "parts" ? "Other" : "no_relation");
  }
}

TEST_F(SeveralAdapters, ATableNamesThemInAColumn) {
  std::string table = "text,head,tail,Adapter\n";
  for (const json& row : mixed(10)) {
    const std::string text = row["text"];
    const auto word = [&](const char* which) {
      const size_t start = row[which]["start"], end = row[which]["end"];
      return text.substr(start, end - start);
    };
    table += "\"" + text + "\"," + word("head") + "," + word("tail") + "," +
             row["adapter"].get<std::string>() + " \n";
  }
  jobs::ExtractOptions options = ask_all();
  const auto want = [&] {
    options.input = write_rows("ten.jsonl", mixed(10));
    return json_lines(answers(options));
  }();
  options.input = write("ten.csv", table);
  const auto got = json_lines(answers(options));
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i]["scores"], want[i]["scores"]);
}

TEST_F(SeveralAdapters, ARowWithoutAKnownNameIsToldWithItsLine) {
  std::vector<json> rows = mixed(9);
  const auto with = [&](const json& name) {
    std::vector<json> other = rows;
    other[4]["adapter"] = name;
    jobs::ExtractOptions options = ask_all();
    options.input = write_rows("odd.jsonl", other);
    return options;
  };
  EXPECT_THAT(refusal(with("cause")),
              AllOf(HasSubstr("odd.jsonl:5: adapter 'cause' is unknown"),
                    HasSubstr("'causes'? Use causes, parts or third. Correct the row")));
  EXPECT_THAT(refusal(with("")), AllOf(HasSubstr("odd.jsonl:5: the row names no adapter"),
                                       HasSubstr("causes, parts, third")));
  EXPECT_THAT(refusal(with(7)), HasSubstr("odd.jsonl:5: "));
  EXPECT_THAT(refusal(with(json::array({"causes"}))), HasSubstr("odd.jsonl:5: "));
  rows[4].erase("adapter");
  jobs::ExtractOptions options = ask_all();
  options.input = write_rows("odd.jsonl", rows);
  EXPECT_THAT(refusal(options), HasSubstr("odd.jsonl:5: the row names no adapter"));
  options.data.skip_bad_rows = true;
  EXPECT_EQ(json_lines(answers(options)).size(), 8u);
  std::string twice = rows[0].dump();
  twice.insert(1, "\"adapter\":\"parts\",");
  options.data.skip_bad_rows = false;
  options.input = write("odd.jsonl", twice + "\n");
  EXPECT_THAT(refusal(options), HasSubstr("'adapter' stands twice"));
}

TEST_F(SeveralAdapters, AFormatThatCannotNameThemIsRefused) {
  jobs::ExtractOptions options = ask_all();
  options.input = "semeval2010:" + fixture("task/semeval2010.txt").string();
  EXPECT_THAT(refusal(options), HasSubstr("cannot name their adapter"));
}

// With one adapter that answers all, the field is one that nobody reads.
TEST_F(SeveralAdapters, OneAloneReadsNoNames) {
  jobs::ExtractOptions options = ask_all();
  options.adapters.clear();
  options.adapter = path("causes");
  const auto got = json_lines(answers(options));
  EXPECT_FALSE(got[0].contains("adapter"));
  EXPECT_THAT(warnings_,
              Contains(HasSubstr(
                  "fields that are not read: 'adapter' (but by extract --adapter NAME=RUN)")));
}

TEST_F(SeveralAdapters, AreHeldAgainstTheBaseAndTold) {
  answers(ask_all());
  EXPECT_THAT(lines_, Contains(HasSubstr("3 adapters beside one base take ")));
  jobs::ExtractOptions options = ask_all();
  options.model.model = kOtherModel;
  EXPECT_THAT(refusal(options), AllOf(HasSubstr(path("causes")), HasSubstr("has other weights")));
  jobs::FinetuneOptions whole = teach();
  whole.method = "full";
  whole.method_given = true;
  teach_run("whole", whole, kLabels);
  options = ask_all();
  options.adapters.push_back({"whole", path("whole")});
  EXPECT_THAT(refusal(options), HasSubstr("has a model of its own"));
  // One without a record uses the base and the form that the others were trained with.
  options = ask_all();
  options.adapters.push_back({"peft", fixture("llama/lora").string()});
  options.prompt = path("plain.txt");
  options.force = true;
  EXPECT_THAT(refusal(options), HasSubstr("has no label to choose from"));
  options.data.labels = write("labels.json", json(kLabels).dump());
  EXPECT_EQ(json_lines(answers(options)).size(), 30u);
}

TEST_F(SeveralAdapters, GoOnWithAnUnfinishedOutputToTheSameBytes) {
  write_rows("mixed.jsonl", mixed(1300));
  jobs::ExtractOptions options = ask_all("whole.jsonl");
  ASSERT_TRUE(jobs::extract(options, host_).finished);
  options.out = path("part.jsonl");
  for (const double at : {100.0, 900.0, 1100.0}) {
    host_.context.progress = [this, at](const Progress& p) { stop_ = p.done >= at; };
    EXPECT_FALSE(jobs::extract(options, host_).finished);
    stop_ = false;
    options.resume = true;
  }
  host_.context.progress = nullptr;
  jobs::ExtractOptions other = options;
  std::swap(other.adapters[0].folder, other.adapters[1].folder);
  EXPECT_THAT(error_of([&] { jobs::extract(other, host_); }), HasSubstr("of adapter causes"));
  EXPECT_TRUE(jobs::extract(options, host_).finished);
  EXPECT_EQ(read("part.jsonl"), read("whole.jsonl"));
  const json record = json::parse(read("part.jsonl.run.json"));
  EXPECT_EQ(record["adapters"].size(), 3u);
  EXPECT_EQ(record["adapters"]["parts"]["prompt"], "roles-nolist");
}

TEST_F(SeveralAdapters, AnAnswererTakesExamplesInMemory) {
  const jobs::ExtractOptions options = ask_all();
  const std::string want = answers(options);
  const auto setups = jobs::settle_adapters(options, host_);
  std::vector<task::Labels> labels;
  for (const auto& each : setups) labels.push_back(*each.setup.labels);
  jobs::Answerer answerer(options, setups, labels, host_);
  task::LoadOptions reading;
  reading.adapters = kNames;
  auto examples = task::load_dataset(options.input, reading).examples;
  std::string got;
  for (const auto& each : answerer.answer(examples)) got += task::to_json(each) + "\n";
  EXPECT_EQ(got, want);
  examples[3].adapter = "fourth";
  EXPECT_THAT(error_of([&] { answerer.answer(examples); }),
              HasSubstr("names the adapter 'fourth'"));
}

TEST(ChosenAdapters, AreOneFolderOrNamedOnes) {
  const auto chosen = [](const std::vector<std::string>& given) {
    jobs::ExtractOptions options;
    jobs::choose_adapters(given, options);
    return options;
  };
  EXPECT_EQ(chosen({}).adapter, "");
  EXPECT_EQ(chosen({"runs/lr=1e-4"}).adapter, "runs/lr=1e-4");
  const TemporaryFolder folder;
  fs::create_directories(folder / "a=b");
  const std::string there = (folder / "a=b").string();
  EXPECT_EQ(chosen({there}).adapter, there);
  const auto two = chosen({"a.1=x", "b-2=runs/y=3"}).adapters;
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[1].name, "b-2");
  EXPECT_EQ(two[1].folder, "runs/y=3");
  EXPECT_EQ(chosen({"a=x"}).adapters.size(), 1u);
  const auto refused = [&](const std::vector<std::string>& given) {
    return error_of([&] { chosen(given); });
  };
  EXPECT_THAT(refused({"a=x", "y"}),
              HasSubstr("--adapter y: of several adapters each needs a name"));
  EXPECT_THAT(refused({"x", "a=y"}), HasSubstr("needs a name"));
  EXPECT_THAT(refused({"a=x", "b=y", "a=z"}),
              AllOf(HasSubstr("'a' is given twice"), HasSubstr("x")));
}

}  // namespace
}  // namespace relatum::testing
