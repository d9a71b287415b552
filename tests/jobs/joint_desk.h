// Documents with entities and relations, and a run that learns both.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "entity_desk.h"
#include "jobs/graph.h"

namespace relatum::testing {

class JointDesk : public EntityDesk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    write_rows("documents.jsonl", with_relations());
  }
  static std::vector<json> with_relations() {
    std::vector<json> all{
        document("d1", "Bo Nilsen flies for Kestrel Airways. Rain fell.\nAna rests.",
                 {{"Bo Nilsen", "person"}, {"Kestrel Airways", "company"}, {"Ana", "person"}}),
        document("d2", "Zoë Ruiz left Oslo.", {{"Zoë Ruiz", "person"}, {"Oslo", "city"}}),
        document("d3", "Nobody came.", {}),
        document("d4", "In Lima, Ana sings for Dolm Air.",
                 {{"Lima", "city"}, {"Ana", "person"}, {"Dolm Air", "company"}})};
    relate(all[0], "E1", "E2", "works_for");
    relate(all[0], "E1", "E3", "knows");  // across sentences
    relate(all[1], "E1", "E2", "left");
    relate(all[3], "E2", "E3", "works_for");
    return all;
  }
  static void relate(json& document, const std::string& head, const std::string& tail,
                     const std::string& label) {
    document["relations"].push_back({{"head", head}, {"tail", tail}, {"label", label}});
  }
  // "HEAD LABEL TAIL" of each relation of a row, by the ids of its entities.
  static std::vector<std::string> relations_of(const json& row) {
    std::vector<std::string> all;
    for (const json& each : row.at("relations")) {
      all.push_back(each["head"].get<std::string>() + " " + each["label"].get<std::string>() + " " +
                    each["tail"].get<std::string>());
      EXPECT_GT(each["probability"].get<double>(), 0.25);
    }
    return all;
  }
  // "HEAD LABEL TAIL" of each edge of the graph that the run makes of the documents as files, by
  // names; the names of its entities. `finder`: a run that finds them in the place of that one.
  std::vector<std::string> facts_of_graph(std::set<std::string>& entities,
                                          const std::string& finder = "") {
    for (const json& each : with_relations()) {
      write("notes/" + each.at("id").get<std::string>() + ".txt", each.at("text"));
    }
    jobs::GraphOptions graph;
    graph.asking.model.compute = "f32";
    graph.asking.adapter = path("run");
    graph.entities = finder;
    graph.documents = {path("notes")};
    out_.clear();
    EXPECT_TRUE(jobs::graph(graph, host_).finished);
    std::map<std::string, std::string> names;
    std::vector<std::string> facts;
    for (const json& each : json_lines(out_)) {
      if (each["kind"] == "entity") {
        names[each["id"]] = each["name"];
        entities.insert(each["name"]);
        continue;
      }
      facts.push_back(names[each["head"]] + " " + each["label"].get<std::string>() + " " +
                      names[each["tail"]]);
    }
    return facts;
  }
  jobs::FinetuneOptions teach_both(int64_t epochs = 80) const {
    jobs::FinetuneOptions options = teach_well("llama/tied");
    options.model.base = "f32";
    options.task = "joint";
    options.prompt = path("plain.txt");
    options.training.epochs = epochs;
    return options;
  }
};

}  // namespace relatum::testing
