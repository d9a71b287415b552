// Label Studio's tasks as its documentation describes them, and the way back through our reader.
#include "task/write_labelstudio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "datasets/support.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scratch;
using testing::told;

/// "🍯 Ada <b> & שלום": the emoji is one code point and two UTF-16 units.
Document honey() {
  Document document;
  document.id = "d#1";
  document.text = "🍯 Ada <b> & שלום \"x\"";
  document.entities = {{"x#1", {2, 5, "PER"}}, {"y", {12, 16, ""}}, {"z", {0, 1, "A&B"}}};
  document.relations = {{"x#1", "y", "works_for(e1,e2)"}, {"z", "y", "a<b"}};
  return document;
}

std::string studio(const std::vector<Document>& documents, const StudioModel* model = nullptr) {
  std::string text;
  LabelStudioWriter writer([&](std::string_view part) { text += part; });
  for (const Document& document : documents) {
    if (model) writer.add_predicted(document, *model);
    else writer.add(document);
  }
  writer.finish();
  return text;
}

std::string back(const std::string& text) {
  std::string all;
  for (const std::string& each : testing::told_of("tasks.json", text)) all += each + "\n";
  return all;
}

TEST(LabelStudio, OffsetsAreCodePoints) {
  const json task = json::parse(studio({honey()})).at(0);
  const json& result = task["annotations"][0]["result"];
  EXPECT_EQ(result[0]["value"]["start"], 2);
  EXPECT_EQ(result[0]["value"]["end"], 5);
  EXPECT_EQ(result[1]["value"]["start"], 12);
  EXPECT_EQ(result[1]["value"]["text"], "שלום");
  EXPECT_EQ(result[1]["value"]["labels"], json::array({"Entity"})) << "without a type";
  EXPECT_EQ(result[2]["value"]["end"], 1);
  EXPECT_EQ(result[0]["type"], "labels");
  EXPECT_EQ(result[0]["from_name"], "label");
  EXPECT_EQ(result[0]["to_name"], "text");
}

TEST(LabelStudio, RelationsNameTheirRegions) {
  const json task = json::parse(studio({honey()})).at(0);
  const json& result = task["annotations"][0]["result"];
  EXPECT_EQ(result[3]["type"], "relation");
  EXPECT_EQ(result[3]["from_id"], result[0]["id"]);
  EXPECT_EQ(result[3]["to_id"], result[1]["id"]);
  EXPECT_EQ(result[3]["direction"], "right");
  EXPECT_EQ(result[3]["labels"], json::array({"works_for(e1,e2)"}));
  for (const json& each : result) {
    // Label Studio takes what follows a "#" for its own.
    EXPECT_EQ(each.value("id", "").find('#'), std::string::npos);
  }
}

TEST(LabelStudio, DocumentsComeBackWhole) {
  Document twice = honey();
  twice.id = "2";
  twice.relations.push_back({"x#1", "y", "owns"});
  Document bare = honey();
  bare.id = "bare";
  bare.relations.clear();
  Document unlabelled = bare;
  unlabelled.id = "unlabelled";
  unlabelled.unlabelled = true;
  EXPECT_EQ(back(studio({honey(), twice, bare, unlabelled})),
            "d#1: x#1=Ada:PER y=שלום: z=🍯:A&B x#1-works_for(e1,e2)>y z-a<b>y\n"
            "2: x#1=Ada:PER y=שלום: z=🍯:A&B x#1-works_for(e1,e2)>y x#1-owns>y z-a<b>y\n"
            "bare: x#1=Ada:PER y=שלום: z=🍯:A&B\n"
            "unlabelled: x#1=Ada:PER y=שלום: z=🍯:A&B (unlabelled)\n");
}

TEST(LabelStudio, PredictionsAreReadAsEntitiesUntilSomebodyAnnotates) {
  const StudioModel model{"0123abcd", 0.25};
  json tasks = json::parse(studio({honey()}, &model));
  const json& prediction = tasks[0]["predictions"][0];
  EXPECT_EQ(prediction["model_version"], "0123abcd");
  EXPECT_EQ(prediction["score"], 0.25);
  EXPECT_FALSE(tasks[0].contains("annotations"));
  EXPECT_EQ(back(tasks.dump()), "d#1: x#1=Ada:PER y=שלום: z=🍯:A&B (unlabelled)\n");

  // As an export has it: a number of its own, the submitted prediction corrected, a new region.
  tasks[0]["id"] = 4711;
  json result = tasks[0]["predictions"][0]["result"];
  result[4]["labels"] = {"owns"};
  result[2]["value"]["labels"] = {"FOOD"};
  result.push_back({{"id", "Dx_aB91ISN"},
                    {"type", "labels"},
                    {"value", {{"start", 6}, {"end", 9}, {"labels", {"TAG"}}}}});
  tasks[0]["annotations"] = json::array({{{"result", result}}});
  EXPECT_EQ(
      back(tasks.dump()),
      "d#1: x#1=Ada:PER y=שלום: z=🍯:FOOD Dx_aB91ISN=<b>:TAG x#1-works_for(e1,e2)>y z-owns>y\n");
}

TEST(LabelStudio, WhatWasChangedStaysChanged) {
  Document gap = honey();
  gap.entities[0] = entity_of("gap", "", {{2, 5}, {12, 16}});
  gap.relations.clear();
  json tasks = json::parse(studio({gap}));
  EXPECT_EQ(back(tasks.dump()), "d#1: gap=Ada…שלום: y=שלום: z=🍯:A&B\n");
  json& region = tasks[0]["annotations"][0]["result"][0]["value"];
  region["end"] = 5;  // moved
  region["text"] = "Ada";
  region["labels"] = {"PER"};  // named
  EXPECT_EQ(back(tasks.dump()), "d#1: gap=Ada:PER y=שלום: z=🍯:A&B\n");
}

TEST(LabelStudio, AStrangersKeyOfThatNameIsRefusedOrPassedOver) {
  const auto task = [](const std::string& kept) {
    return R"([{"id":1,"data":{"text":"Ada","relatum":)" + kept +
           R"(},"annotations":[{"result":[{"id":"T1","type":"labels",)"
           R"("value":{"start":0,"end":3,"labels":["PER"]}}]}]}])";
  };
  EXPECT_EQ(back(task("\"yes\"")), "1: T1=Ada:PER\n");
  for (const char* wrong : {R"({"id":[]})", R"({"pair":"yes"})", R"({"entities":[]})",
                            R"({"entities":{"T1":5}})", R"({"entities":{"T1":{"pieces":[[3,1]]}}})",
                            R"({"evidence":[1]})", R"({"entities":{"T1":{"pieces":[]}}})"}) {
    EXPECT_THAT(testing::refusal_of("tasks.json", task(wrong)), HasSubstr("'relatum'")) << wrong;
  }
}

TEST(LabelStudio, TheConfigurationHasAllTypesAndLabels) {
  std::string text;
  LabelStudioWriter writer([&](std::string_view part) { text += part; });
  writer.add(honey());
  const std::string xml = writer.configuration({"ORG", "PER"},
                                               {"works_for(e1,e2)", "x \"y\"\n\x01"});
  EXPECT_EQ(xml,
            "<View>\n"
            "  <Style>.htx-text { white-space: pre-wrap; }</Style>\n"
            "  <Relations>\n"
            "    <Relation value=\"works_for(e1,e2)\"/>\n"
            "    <Relation value=\"x &quot;y&quot;&#10;\xef\xbf\xbd\"/>\n"
            "    <Relation value=\"a&lt;b\"/>\n"
            "  </Relations>\n"
            "  <Labels name=\"label\" toName=\"text\">\n"
            "    <Label value=\"ORG\"/>\n"
            "    <Label value=\"PER\"/>\n"
            "    <Label value=\"A&amp;B\"/>\n"
            "    <Label value=\"Entity\"/>\n"
            "  </Labels>\n"
            "  <Text name=\"text\" value=\"$text\"/>\n"
            "</View>\n");
  Document twice = honey();
  twice.relations.push_back({"x#1", "y", "owns"});
  writer.add(twice);
  EXPECT_THAT(writer.configuration({}, {}), HasSubstr("<Relations choice=\"multiple\">"));
  EXPECT_EQ(studio_configuration("a/tasks.json"), "a/tasks.xml");
  EXPECT_THAT(error_of([] { studio_configuration("a/tasks.xml"); }), HasSubstr(".json"));
}

TEST(LabelStudio, NoDocumentIsAnEmptyList) {
  EXPECT_EQ(studio({}), "[]\n");
  LabelStudioWriter writer([](std::string_view) {});
  EXPECT_THAT(writer.remarks(), IsEmpty());
}

TEST(BratConfiguration, HasTypesAndLabelsAndSaysWhatBratCannotTake) {
  EXPECT_EQ(brat_configuration({"", "PER SON"}, {"works_for"}),
            "[entities]\nEntity\nPER%20SON\n\n[relations]\n"
            "works_for\tArg1:<ENTITY>, Arg2:<ENTITY>\n\n[events]\n\n[attributes]\n");
  EXPECT_EQ(brat_remark({"PER", "works-for_2"}), "");
  EXPECT_THAT(brat_remark({"PER", "works_for(e1,e2)", "é"}),
              HasSubstr("2 names of other characters than A-Z, a-z, 0-9, '_' and '-', such as "
                        "'works_for(e1,e2)'"));
}

}  // namespace
}  // namespace relatum::task
