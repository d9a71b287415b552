// Documents whose entities are marked, and what runs over them give.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "desk.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/graph.h"
#include "support/models.h"

namespace relatum::testing {

class EntityDesk : public Desk {
 protected:
  using Named = std::vector<std::pair<std::string, std::string>>;  // name, type; in their order

  // A document in which each name is marked where it next stands.
  static json document(const std::string& id, const std::string& text, const Named& names) {
    json entities = json::array();
    size_t from = 0;
    for (const auto& [name, type] : names) {
      const size_t at = text.find(name, from);
      EXPECT_NE(at, text.npos) << name;
      const int64_t start = utf8_length(std::string_view(text).substr(0, at));
      json entity{{"id", "E" + std::to_string(entities.size() + 1)},
                  {"start", start},
                  {"end", start + utf8_length(name)}};
      if (!type.empty()) entity["type"] = type;
      entities.push_back(entity);
      from = at;
    }
    return {{"id", id}, {"text", text}, {"entities", entities}, {"relations", json::array()}};
  }
  static std::vector<json> documents() {
    return {document("d1", "Bo Nilsen flies for Kestrel Airways. Rain fell.",
                     {{"Bo Nilsen", "person"}, {"Kestrel Airways", "company"}}),
            document("d2", "Zoë Ruiz left Oslo.", {{"Zoë Ruiz", "person"}, {"Oslo", "city"}}),
            document("d3", "Nobody came.", {}),
            document("d4", "In Lima, Ana sings.", {{"Lima", "city"}, {"Ana", "person"}})};
  }

  jobs::FinetuneOptions teach_entities(const std::string& model) const {
    jobs::FinetuneOptions options = teach();
    options.model.model = fixture(model).string();
    options.train = path("documents.jsonl");
    options.prompt = "";
    options.task = "entities";
    options.batch_tokens = 128;
    return options;
  }
  // Learned by heart.
  jobs::FinetuneOptions teach_well(const std::string& model) const {
    jobs::FinetuneOptions options = teach_entities(model);
    options.training.epochs = 60;
    options.training.warmup = 0;
    options.learning_rate = 1e-2;
    options.head_learning_rate = 1e-2;
    return options;
  }
  jobs::ExtractOptions ask_run(const std::string& out = "-") const {
    jobs::ExtractOptions options = ask(out);
    options.model.model = "";
    options.prompt = "";
    options.adapter = path("run");
    options.input = path("documents.jsonl");
    return options;
  }
  std::vector<json> answers(const jobs::ExtractOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return json_lines(out_);
  }
  // Start, end and type of each entity of a row.
  static std::vector<json> entities_of(const json& row) {
    std::vector<json> all;
    for (const json& each : row.at("entities")) {
      all.push_back({each.at("start"), each.at("end"), each.at("type")});
    }
    return all;
  }
  void expect_known_by_heart(const std::vector<json>& rows) {
    const auto gold = documents();
    ASSERT_EQ(rows.size(), gold.size());
    for (size_t i = 0; i < gold.size(); ++i) {
      EXPECT_EQ(rows[i].at("id"), gold[i].at("id"));
      EXPECT_EQ(rows[i].at("text"), gold[i].at("text"));
      EXPECT_EQ(rows[i].at("relations"), json::array());
      EXPECT_EQ(entities_of(rows[i]), entities_of(gold[i])) << i;
      int64_t number = 0;
      for (const json& each : rows[i].at("entities")) {
        EXPECT_EQ(each.at("id"), "T" + std::to_string(++number));
        EXPECT_GT(each.at("probability").get<double>(), 0.25);
        EXPECT_LE(each.at("probability").get<double>(), 1);
      }
    }
  }

  // A graph of the documents' texts, their entities found by the run.
  jobs::GraphOptions graph_of_texts() {
    for (const json& each : documents()) {
      write("notes/" + each.at("id").get<std::string>() + ".txt", each.at("text"));
    }
    write("labels.json", json(kLabels).dump());
    jobs::GraphOptions graph;
    graph.asking.model.model = kModel;
    graph.asking.model.compute = "f32";
    graph.asking.prompt = path("plain.txt");
    graph.asking.data.labels = path("labels.json");
    graph.entities = path("run");
    graph.documents = {path("notes")};
    return graph;
  }
  // What a graph has as mentions, with their types, sorted.
  std::vector<std::string> mentions(const jobs::GraphOptions& graph) {
    out_.clear();
    lines_.clear();
    EXPECT_TRUE(jobs::graph(graph, host_).finished);
    std::vector<std::string> found;
    for (const json& each : json_lines(out_)) {
      if (each["kind"] != "entity") continue;
      for (const json& mention : each["mentions"]) {
        found.push_back(mention["text"].get<std::string>() + " " + each["type"].get<std::string>());
      }
    }
    std::ranges::sort(found);
    return found;
  }

  void SetUp() override {
    Desk::SetUp();
    write_rows("documents.jsonl", documents());
  }
};

}  // namespace relatum::testing
