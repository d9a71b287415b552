// Documents with entities and relations, and a run that learns both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "entity_desk.h"

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
