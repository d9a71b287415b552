// Names, hashes and counts.
#include "jobs/graph_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "base/counted.h"
#include "base/hash.h"
#include "base/parallel_for.h"
#include "base/printable.h"
#include "jobs/answer_rule.h"
#include "jobs/process_facts.h"
#include "kernels/cpu.h"
#include "text/chat.h"

namespace relatum::jobs {
namespace {

// Raised where documents are cut, found or asked in another way than before.
constexpr const char* kForm = "1";

std::string hash_of(const std::string& text) { return sha256(std::as_bytes(std::span(text))); }

// What of a schema decides which pairs are asked.
std::string asked_types(const graph::Schema& schema) {
  if (schema.empty()) return "";
  std::string all;
  for (const auto& [type, description] : schema.entities()) all += type + '\n';
  for (const graph::RelationType& each : schema.relations()) {
    all += '\n' + each.name;
    if (!each.types) continue;
    for (const auto& [head, tail] : *each.types) all += '\t' + head + '\t' + tail;
  }
  return hash_of(all);
}

std::string types_hash(const GraphSetup& setup) {
  if (!setup.asking.types.empty()) return sha256_file(setup.asking.types);
  if (!setup.asking.constrain_types) return "";
  return sha256_file(std::filesystem::path(setup.asking.adapter) / "types.json");
}

// Beside the adapter's hash, which is that of its pairs or of its model.
std::string classifier_hash(const GraphSetup& setup) {
  if (setup.asking.adapter.empty()) return "";
  const auto file = std::filesystem::path(setup.asking.adapter) / "classifier.safetensors";
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) ? sha256_file(file) : "";
}

// The least similar first, as they are the doubtful ones.
nlohmann::ordered_json joined_json(const std::optional<std::vector<graph::JoinedNames>>& joined) {
  if (!joined) return nullptr;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (auto each = joined->rbegin(); each != joined->rend(); ++each) {
    list.push_back({{"type", each->type},
                    {"names", {each->one, each->other}},
                    {"similarity", each->similarity}});
  }
  return list;
}

std::string joined_sentence(const std::vector<graph::JoinedNames>& joined) {
  constexpr size_t kShown = 5, kLongest = 40;
  if (joined.empty()) return "no names were similar enough to be one entity";
  std::string shown;
  for (size_t i = 0; i < joined.size() && i < kShown; ++i) {
    const graph::JoinedNames& each = joined[joined.size() - 1 - i];
    shown += fmt::format("{}'{}' and '{}' ({:.3f})", shown.empty() ? "" : ", ",
                         printable_start(each.one, kLongest), printable_start(each.other, kLongest),
                         each.similarity);
  }
  return fmt::format("similarity joined {}{}: {}{}", counted(int64_t(joined.size()), "pair"),
                     joined.size() > 1 ? ", the least similar first" : "", shown,
                     joined.size() > kShown ? " …" : "");
}

double rate(int64_t count, double seconds) { return seconds > 0 ? double(count) / seconds : 0; }

void add(std::string& list, int64_t count, const char* what) {
  if (count == 0) return;
  list += fmt::format("{}{} {}", list.empty() ? "" : ", ", grouped(uint64_t(count)), what);
}

}  // namespace

GraphSettings graph_settings(const GraphSetup& setup, const Answerer& answerer) {
  const ExtractSetup& run = setup.adapters[0].setup;
  const engine::Session& session = answerer.session();
  const GraphPairRules& pairs = setup.pairs;
  GraphSettings settings = {
      {"form", kForm},
      {"language", setup.language},
      {"entities", setup.finder->identity()},
      {"window", std::to_string(pairs.window)},
      {"most_distance", pairs.most_distance ? std::to_string(*pairs.most_distance) : ""},
      {"most_pairs", std::to_string(pairs.most_pairs)},
      {"floor", fmt::format("{}", pairs.floor)},
      {"schema_types", asked_types(pairs.schema)},
      {"types", types_hash(setup)},
      {"labels", sha256_lines(answerer.renderer().labels().names())},
      {"negative", pairs.negative ? pairs.labels.name(*pairs.negative) : ""},
      {"words", sha256_lines(answerer.renderer().answers())},
      {"prompt", task::style_hash(run.style)},
      {"classifier", classifier_hash(setup)},
      {"chat", run.chat ? text::chat_hash(session.tokenizer()) : ""},
      {"model", session.weights_hash()},
      {"tokenizer", session.tokenizer_hash()},
      {"base", session.base()},
      {"compute", std::string(name_of(session.products()))},
      {"index", answerer.index_hash()},
      {"neighbours", run.index.empty() ? "" : std::to_string(run.examples.count)},
      {"negligible", fmt::format("{}", setup.asking.negligible)},
      {"probabilities", rule_identity(answerer.rule())}};
  const std::string random = run.index.empty() ? "" : random_identity(run.examples);
  if (!random.empty()) settings.emplace_back("examples", random);
  const std::string described = task::descriptions_hash(answerer.renderer().labels());
  if (!described.empty()) settings.emplace_back("descriptions", described);
  for (const auto& [key, value] : session.settings()) settings.emplace_back("model." + key, value);
  return settings;
}

GraphIdentity graph_identity(const GraphSetup& setup, const GraphSettings& settings) {
  std::string all;
  for (const auto& [name, value] : settings) all += name + '=' + value + '\n';
  const NamedSetup& adapter = setup.adapters[0];
  const bool none = adapter.options.adapter.empty();
  return {none ? "" : adapter_hash(adapter.options.adapter, adapter.setup.run), hash_of(all)};
}

nlohmann::ordered_json graph_record(const GraphOptions& o, const GraphSetup& setup,
                                    const GraphSettings& settings, const GraphFigures& figures,
                                    const Host& host) {
  const auto& [counts, graph, removed, seconds] = figures;
  const graph::ChoiceOptions& choice = setup.rules.choice;
  nlohmann::ordered_json record = {
      {"version", RELATUM_VERSION},
      {"time", utc_now()},
      {"command", host.command},
      {"adapter", o.asking.adapter},
      {"base", setup.adapters[0].setup.model},
      {"schema", o.schema},
      {"entities_run", o.entities},
      {"gazetteer", o.gazetteer},
      {"aliases", o.aliases},
      {"similar", o.similar ? nlohmann::ordered_json(*o.similar) : nullptr},
      {"threshold", choice.threshold},
      {"multi_label", choice.several_labels},
      {"combine", o.combine},
      {"cpu", kernels::cpu_summary()},
      {"threads", thread_count()},
      {"documents", graph.documents},
      {"read", counts.kept},
      {"unchanged", counts.documents.unwanted},
      {"removed", removed},
      {"empty", counts.documents.empty},
      {"skipped", counts.documents.bad.size()},
      {"sentences", counts.sentences},
      {"pairs", counts.pairs.asked},
      {"pairs_left_out",
       {{"types", counts.pairs.other_types},
        {"distance", counts.pairs.too_far},
        {"most_pairs", counts.pairs.beyond},
        {"too_long", counts.too_long}}},
      {"candidates", counts.candidates},
      {"entities", graph.entities},
      {"mentions", graph.mentions},
      {"joined", joined_json(graph.joined)},
      {"edges", graph.edges},
      {"evidence", graph.evidence},
      {"left_out",
       {{"mentions_of_other_types", graph.foreign_mentions},
        {"candidates_of_other_types", graph.foreign_edges},
        {"candidates_to_itself", graph.loops},
        {"candidates_unlikely", graph.unlikely}}},
      {"unproven", graph.unproven},
      {"seconds", seconds},
      {"sentences_per_s", rate(counts.sentences, counts.seconds)},
      {"pairs_per_s", rate(counts.pairs.asked, counts.seconds)},
      {"peak_rss_bytes", peak_rss()}};
  if (!setup.entity_types.empty()) record["entity_types"] = setup.entity_types;
  for (const auto& [name, value] : settings) record["settings"][name] = value;
  return record;
}

std::vector<std::string> graph_sentences(const GraphFigures& figures) {
  const auto& [counts, graph, removed, seconds] = figures;
  std::vector<std::string> lines;
  std::string others, left;
  add(others, counts.documents.unwanted, "unchanged");
  add(others, removed, "removed");
  add(others, counts.documents.empty, "empty");
  std::string read = fmt::format("read {}{}", counted(counts.kept, "document"),
                                 others.empty() ? "" : " (" + others + ")");
  if (counts.kept) {
    read += fmt::format(" with {} and {} in {} ({:.1f} sentences and {:.1f} pairs a second)",
                        counted(counts.sentences, "sentence"), counted(counts.pairs.asked, "pair"),
                        duration_text(counts.seconds), rate(counts.sentences, counts.seconds),
                        rate(counts.pairs.asked, counts.seconds));
  }
  lines.push_back(read);
  add(left, counts.pairs.other_types, "of types that no label is for");
  add(left, counts.pairs.too_far, "too far apart");
  add(left, counts.pairs.beyond, "beyond --most-pairs");
  add(left, counts.too_long, "too long for the model");
  if (!left.empty()) lines.push_back("pairs that were not asked: " + left);
  lines.push_back(fmt::format("the graph of {} has {} and {}", counted(graph.documents, "document"),
                              counted(graph.entities, "entity", "entities"),
                              counted(graph.edges, "edge")));
  if (graph.joined) lines.push_back(joined_sentence(*graph.joined));
  left.clear();
  add(left, graph.foreign_edges, "that the schema does not allow");
  add(left, graph.loops, "from an entity to itself");
  add(left, graph.unlikely, "too unlikely, or at odds with likelier ones");
  if (!left.empty()) lines.push_back("candidate edges that were left out: " + left);
  if (graph.foreign_mentions) {
    lines.push_back(fmt::format("{} of types that the schema lacks left out",
                                counted(graph.foreign_mentions, "mention")));
  }
  return lines;
}

}  // namespace relatum::jobs
