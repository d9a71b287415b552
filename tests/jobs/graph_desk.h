// Two notes, a table of the names in them, and what a graph of them gives.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "desk.h"
#include "jobs/finetune.h"
#include "jobs/graph.h"
#include "support/error_of.h"

namespace relatum::testing {

class GraphJob : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    names_ = "name,type,id\n";
    for (const json& row : corpus()) {
      for (const char* end : {"head", "tail"}) names_ += word(row, end) + ",THING,\n";
    }
    write("names.csv", names_);
    write("labels.json", json(kLabels).dump());
    write("notes/a.txt", "Rain made the road wet. Smoke came from a fire.\n");
    write("notes/b.md", "# Tom saw a bird.\n\nThe wheel is in the car.\n");
  }
  static std::string word(const json& row, const char* end) {
    const size_t start = row[end]["start"], stop = row[end]["end"];
    return row["text"].get<std::string>().substr(start, stop - start);
  }
  void teach_run() {
    jobs::FinetuneOptions options = teach();
    options.learning_rate = 0.005;
    options.training.epochs = 60;
    options.batch_tokens = 64;
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
    warnings_.clear();
    lines_.clear();
  }
  /// With a run that knows the corpus by heart.
  jobs::GraphOptions make_taught() const {
    jobs::GraphOptions options = make();
    options.asking.adapter = path("run");
    options.asking.model.model = options.asking.prompt = options.asking.data.labels = "";
    options.threshold = "";
    return options;
  }
  jobs::GraphOptions make(const std::string& out = "") const {
    jobs::GraphOptions options;
    options.asking.model.compute = "f32";
    options.asking.model.model = kModel;
    options.asking.prompt = path("plain.txt");
    options.asking.data.labels = path("labels.json");
    options.threshold = "0.02";
    options.documents = {path("notes")};
    options.gazetteer = path("names.csv");
    options.out = out.empty() ? out : path(out);
    return options;
  }
  std::string graph_of(const jobs::GraphOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::graph(options, host_).finished);
    return options.out.empty() ? out_ : read_file(options.out);
  }
  std::string refusal(const jobs::GraphOptions& options) {
    const std::string sentence = error_of([&] { jobs::graph(options, host_); });
    EXPECT_EQ(out_, "");
    return sentence;
  }
  /// "head label tail", by names.
  static std::vector<std::string> facts(const std::string& graph) {
    std::map<std::string, std::string> names;
    std::vector<std::string> all;
    for (const json& each : json_lines(graph)) {
      if (each["kind"] == "entity") {
        names[each["id"]] = each["name"];
        continue;
      }
      all.push_back(fmt::format("{} {} {}", names.at(each["head"]),
                                each["label"].get<std::string>(), names.at(each["tail"])));
    }
    std::ranges::sort(all);
    return all;
  }
  /// Names of entities, in order.
  static std::vector<std::string> names(const std::string& graph) {
    std::vector<std::string> all;
    for (const json& each : json_lines(graph)) {
      if (each["kind"] == "entity") all.push_back(each["name"]);
    }
    std::ranges::sort(all);
    return all;
  }
  std::string names_;
};

}  // namespace relatum::testing
