// Records are found by key, else by comparing settings one by one.
#include "jobs/study_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/json.h"
#include "jobs/study_check.h"
#include "jobs/study_perplexity.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;
using Values = std::map<std::string, std::string>;

json facts_json(const std::map<std::string, StageFacts>& facts) {
  json all = json::object();
  for (const auto& [stage, each] : facts) {
    all[stage] = {{"settings", each.settings}, {"inputs", each.inputs}};
  }
  return all;
}

Values values_of(const json& stage, const char* key) {
  Values values;
  const json* object = io::find(stage, key);
  if (!object || !object->is_object()) return values;
  for (const auto& [name, value] : object->items()) {
    if (value.is_string()) values[name] = value.get<std::string>();
  }
  return values;
}

// An option that the record's version did not have yet is one that stands at its default now.
bool settings_agree(const Values& recorded, const StageFacts& facts) {
  for (const auto& [name, value] : recorded) {
    const auto now = facts.settings.find(name);
    if (now == facts.settings.end() || now->second != value) return false;
  }
  return std::ranges::all_of(facts.settings, [&](const auto& setting) {
    const auto usual = facts.defaults.find(setting.first);
    const bool newer = usual != facts.defaults.end() && usual->second == setting.second;
    return recorded.contains(setting.first) || newer;
  });
}

// What an earlier stage of the cell makes is known by that stage, which is compared itself.
bool is_made(const std::string& input, const StudyCell& cell) {
  return (input == "adapter" && cell.facts.contains("finetune")) ||
         (input == "index" && cell.facts.contains("index"));
}

bool inputs_agree(const Values& recorded, const Values& now, const StudyCell& cell) {
  return recorded.size() == now.size() && std::ranges::all_of(now, [&](const auto& input) {
           const auto at = recorded.find(input.first);
           return at != recorded.end() &&
                  (at->second == input.second || is_made(input.first, cell));
         });
}

bool agrees(const json& record, const StudyCell& cell) {
  const json* stages = io::find(record, "settings");
  if (!stages || !stages->is_object() || stages->size() != cell.facts.size()) return false;
  for (const auto& [name, facts] : cell.facts) {
    const json* stage = io::find(*stages, name);
    if (!stage || !inputs_agree(values_of(*stage, "inputs"), facts.inputs, cell)) return false;
    if (!settings_agree(values_of(*stage, "settings"), facts)) return false;
  }
  return true;
}

}  // namespace

std::string text_of(const json& object, const char* key) {
  const json* value = io::find(object, key);
  return value && value->is_string() ? value->get<std::string>() : "";
}

const json* official_figure(const json& arm) {
  const json *official = io::find(arm, "official"), *figures = io::find(arm, "figures");
  return figures && official ? io::find(*figures, official->get<std::string>()) : nullptr;
}

std::optional<size_t> label_number(const std::string& text, size_t labels) {
  const bool whole = !text.empty() && text.size() < 7 &&
                     text.find_first_not_of("0123456789") == text.npos;
  if (!whole || size_t(std::stoi(text)) >= labels) return std::nullopt;
  return size_t(std::stoi(text));
}

std::string study_key(const std::map<std::string, StageFacts>& facts) {
  const std::string text = io::dump_json(
      {{"format", kStudyVersion}, {"stages", facts_json(facts)}});
  return sha256(std::as_bytes(std::span(text)));
}

StudyResults::StudyResults(const std::filesystem::path& file, const std::string& study)
    : file_(file), all_(std::make_shared<json>(json::object())) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    *all_ = {{"format_version", kStudyVersion}, {"cells", json::array()}};
    return;
  }
  const std::string place = file.string();
  *all_ = io::load_json(file);
  const int64_t version = io::require_int(*all_, "format_version", place);
  if (version != kStudyVersion) {
    fail("jobs.study", fmt::format("{} has format_version {}, and this version reads {}. Name "
                                   "another file as 'results'.",
                                   place, version, kStudyVersion));
  }
  check_study_results(*all_, place);
  const json* about = io::find(*all_, "study");
  const std::string name = about ? text_of(*about, "name") : "";
  if (study.empty() || name.empty() || name == study) return;
  fail("jobs.study", fmt::format("{} holds results of the study '{}', not of '{}'. Name another "
                                 "file as 'results'.",
                                 place, name, study));
}

const json* StudyResults::find(const StudyCell& cell) const {
  const json& cells = all_->at("cells");
  for (const json& record : cells) {
    if (text_of(record, "key") == cell.key && has_text(record, cell.text)) return &record;
  }
  for (const json& record : cells) {
    if (has_text(record, cell.text) && agrees(record, cell)) return &record;
  }
  return nullptr;
}

void StudyResults::add(const StudyCell& cell, json record) {
  record["arm"] = cell.arm;
  record["seed"] = cell.seed ? json(*cell.seed) : json();
  record["key"] = cell.key;
  record["settings"] = facts_json(cell.facts);
  for (json& each : all_->at("cells")) {
    if (text_of(each, "key") != cell.key) continue;
    each = std::move(record);
    return;
  }
  all_->at("cells").push_back(std::move(record));
}

int64_t StudyResults::take_others(const Study& study) {
  int64_t taken = 0;
  for (const std::filesystem::path& file : study.also) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      fail("jobs.study", fmt::format("{} is named by 'also' of [study], and is not there. Leave it "
                                     "out, or run its study first.",
                                     file.string()));
    }
    const StudyResults other(file);
    for (const StudyCell& cell : study.cells) {
      const json* record = find(cell) ? nullptr : other.find(cell);
      if (!record) continue;
      for (const char* key : {"answers", "labels", "right", "rows"}) {
        if (io::find(*record, key)) continue;
        fail("jobs.study", fmt::format("{}: its cell of the arm '{}' lacks '{}'. Take the cell out "
                                       "of it, or the file out of 'also'.",
                                       file.string(), text_of(*record, "arm"), key));
      }
      add(cell, *record);
      ++taken;
    }
  }
  return taken;
}

void StudyResults::set_plan(const Study& study) {
  (*all_)["study"] = {{"name", study.name},
                      {"title", study.title},
                      {"question", study.question},
                      {"baseline", study.baseline}};
  const std::string text = study.cells.empty() ? "" : study.cells[0].text;
  if (!text.empty()) {
    (*all_)["study"]["text"] = {{"name", study.text.filename().string()}, {"sha256", text}};
  }
  json plan = json::array();
  for (const StudyCell& cell : study.cells) {
    const json* record = find(cell);
    json planned = {{"arm", cell.arm},
                    {"seed", cell.seed ? json(*cell.seed) : json()},
                    {"key", record ? text_of(*record, "key") : cell.key}};
    if (!cell.axes.empty()) planned["axes"] = cell.axes;
    if (!cell.copies.empty()) planned["copies"] = cell.copies;
    plan.push_back(std::move(planned));
  }
  (*all_)["plan"] = std::move(plan);
}

void StudyResults::set_summaries(json summaries) { (*all_)["arms"] = std::move(summaries); }

bool StudyResults::empty() const { return all_->at("cells").empty(); }

void StudyResults::save() const { write_file(file_, io::dump_json(*all_, 1) + "\n"); }

std::vector<const json*> arm_records(const json& all, const std::string& arm) {
  std::vector<const json*> records;
  const json *plan = io::find(all, "plan"), *cells = io::find(all, "cells");
  if (!plan || !cells) return records;
  for (const json& planned : *plan) {
    if (text_of(planned, "arm") != arm) continue;
    for (const json& cell : *cells) {
      if (text_of(cell, "key") == text_of(planned, "key")) records.push_back(&cell);
    }
  }
  return records;
}

const json* summary_of(const json& all, const std::string& arm,
                       const std::vector<const json*>& records) {
  json keys = json::array();
  for (const json* record : records) keys.push_back(record->at("key"));
  const json* arms = io::find(all, "arms");
  if (!arms) return nullptr;
  for (const json& each : *arms) {
    const json* of = io::find(each, "keys");
    const json* own = of ? io::find(*of, "arm") : nullptr;
    if (text_of(each, "arm") == arm && own && *own == keys) return &each;
  }
  return nullptr;
}

bool is_summed_up(const json& all) {
  bool any = false;
  for (const std::string& arm : planned_arms(all)) {
    const auto records = arm_records(all, arm);
    if (records.empty()) continue;
    if (!summary_of(all, arm, records)) return false;
    any = true;
  }
  return any;
}

std::vector<std::string> planned_arms(const json& all) {
  std::vector<std::string> arms;
  const json* plan = io::find(all, "plan");
  if (!plan) return arms;
  for (const json& planned : *plan) {
    const std::string arm = text_of(planned, "arm");
    if (std::ranges::find(arms, arm) == arms.end()) arms.push_back(arm);
  }
  return arms;
}

std::map<std::string, std::string> planned_copies(const json& all) {
  std::map<std::string, std::string> stands_for;
  const json* plan = io::find(all, "plan");
  if (!plan) return stands_for;
  for (const json& planned : *plan) {
    const std::string arm = text_of(planned, "arm");
    const json* copies = io::find(planned, "copies");
    if (!copies) {
      stands_for[arm] = arm;
      continue;
    }
    for (const json& copy : *copies) stands_for[copy.get<std::string>()] = arm;
  }
  return stands_for;
}

std::set<uint64_t> planned_seeds(const json& all) {
  std::set<uint64_t> seeds;
  const json* plan = io::find(all, "plan");
  if (!plan) return seeds;
  for (const json& planned : *plan) {
    const json* seed = io::find(planned, "seed");
    if (seed && seed->is_number_unsigned()) seeds.insert(seed->get<uint64_t>());
  }
  return seeds;
}

}  // namespace relatum::jobs
