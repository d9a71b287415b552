// The record's keys, and hashes of what is read.
#include "jobs/extract_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "base/hash.h"
#include "base/parallel_for.h"
#include "jobs/answer_rule.h"
#include "jobs/process_facts.h"
#include "kernels/cpu.h"
#include "task/data_source.h"
#include "task/spec.h"
#include "text/chat.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

std::string file_hash(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? sha256_file(path) : "";
}

// Of a data set of several files, their names and contents.
std::string data_hash(const std::string& path) {
  const std::vector<fs::path> files = task::data_files(path);
  if (files.size() == 1 && files[0] == path) return file_hash(path);
  std::string all;
  for (const fs::path& file : files) all += file.string() + '\0' + file_hash(file) + '\n';
  return sha256(std::as_bytes(std::span(all)));
}

// The parts of a SPEC behind its path, and the content of its file.
std::string data_identity(const std::string& text) {
  const task::Spec spec = task::parse_spec(text);
  const auto number = [](const std::optional<int64_t>& value) {
    return value ? fmt::format("{}", *value) : std::string("all");
  };
  std::string parts = fmt::format("{} {} limit={} sample={} seed={}", data_hash(spec.path),
                                  spec.format, number(spec.limit), number(spec.sample), spec.seed);
  if (spec.window) parts += fmt::format(" window={}", *spec.window);
  if (!spec.negative.empty()) parts += " negative=" + spec.negative;
  if (spec.marked_entities) parts += " entities=marked";
  if (!spec.offsets.empty()) parts += " offsets=" + spec.offsets;
  for (const std::string& label : spec.few_labels) {
    parts += fmt::format(" few={}:{}", spec.few, label);
  }
  for (const std::string& label : spec.without) parts += " without=" + label;
  return parts;
}

std::string relabel_identity(const std::string& relabel) {
  const size_t colon = relabel.find(':');
  return relabel.empty() ? ""
                         : relabel.substr(0, colon) + " " + file_hash(relabel.substr(colon + 1));
}

std::string on_off(bool value) { return value ? "on" : "off"; }

std::string adapter_hash(const std::string& folder) {
  return file_hash(folder) +  // a GGUF file, or a folder's two
         file_hash(fs::path(folder) / "adapter_model.safetensors") +
         file_hash(fs::path(folder) / "adapter_config.json") +
         file_hash(fs::path(folder) / "classifier.safetensors") +  // where there is one
         file_hash(fs::path(folder) / "pairs.safetensors");
}

// What an adapter, or the only one, is used with; and beside it what it was trained with.
nlohmann::json adapter_record(const ExtractParts& parts, size_t place) {
  const auto& [name, options, setup] = parts.setups[place];
  nlohmann::json record{
      {"adapter", options.adapter},
      {"prompt", setup.prompt},
      {"prompt_hash", task::style_hash(setup.style)},
      {"index", setup.index},
      {"index_hash", parts.answerer.index_hash(place)},
      {"neighbours", setup.examples.count},
      {"example_choice", setup.examples.random_seed ? kRandomExamples : kNearestExamples},
      {"chat", setup.chat}};
  if (setup.examples.random_seed) record["examples_seed"] = *setup.examples.random_seed;
  record.update(rule_record(parts.answerer.rule(place), setup));
  if (setup.run) {
    const RunInfo& run = *setup.run;
    record["trained"] = {{"prompt", run.prompt},
                         {"prompt_hash", run.prompt_hash},
                         {"index", run.index},
                         {"index_hash", run.index_hash},
                         {"neighbours", run.neighbours},
                         {"example_choice", run.examples},
                         {"base", run.base},
                         {"base_hash", run.base_hash},
                         {"chat", run.chat}};
  }
  return record;
}

void add_random(const ExtractSetup& setup, ExtractIdentity& identity) {
  const std::string random = setup.index.empty() ? "" : random_identity(setup.examples);
  if (!random.empty()) identity.emplace_back("--examples", random);
}

void add_descriptions(const task::Labels& labels, ExtractIdentity& identity) {
  const std::string hash = task::descriptions_hash(labels);
  if (!hash.empty()) identity.emplace_back("the labels' descriptions", hash);
}

// What of an adapter decides the answers to its rows. `of`: " of NAME" where rows name it.
ExtractIdentity adapter_identity(const ExtractParts& parts, size_t place, const std::string& of) {
  const auto& [name, options, setup] = parts.setups[place];
  const Answerer& answerer = parts.answerer;
  const auto& left_out = parts.filter.negative_of;
  const auto negative = left_out.find(name);
  ExtractIdentity identity{
      {"the labels", sha256_lines(parts.rows.labels(place).names())},
      {"the answers' words", sha256_lines(answerer.renderer(place).answers())},
      {"the prompt style", task::style_hash(setup.style)},
      {"--chat", setup.chat ? text::chat_hash(answerer.session().tokenizer()) : "off"},
      {"the adapter", adapter_hash(options.adapter)},
      {"the index", answerer.index_hash(place)},
      {"--neighbours", setup.index.empty() ? "" : std::to_string(setup.examples.count)},
      {"the label that is left out", negative == left_out.end() ? "" : negative->second}};
  // Only where there is one: what earlier builds left unfinished stays what it is.
  const std::string rule = rule_identity(answerer.rule(place));
  if (!rule.empty()) identity.emplace_back("the rule for probabilities", rule);
  add_random(setup, identity);
  add_descriptions(answerer.renderer(place).labels(), identity);
  for (auto& [what, value] : identity) what += of;
  return identity;
}

}  // namespace

nlohmann::json session_record(const engine::Session& session, const Host& host) {
  return {{"version", RELATUM_VERSION},
          {"time", utc_now()},
          {"command", host.command},
          {"base", session.base()},
          {"base_hash", session.weights_hash()},
          {"compute", name_of(session.products())},
          {"cpu", kernels::cpu_summary()},
          {"threads", thread_count()}};
}

nlohmann::json extract_record(const ExtractParts& parts, const ExtractProgress& progress,
                              double loading_seconds, const Host& host) {
  const auto& [o, setups, rows, filter, answerer] = parts;
  nlohmann::json record = session_record(answerer.session(), host);
  record.update({{"model", setups[0].setup.model},
                 {"data", o.input},
                 {"answer", o.answer},
                 {"max_new_tokens", o.max_new_tokens},
                 {"batch_tokens", o.batch_tokens},
                 {"negligible", o.negligible},
                 {"constrain_types", o.constrain_types || !o.types.empty()},
                 {"types", o.types},
                 {"min_probability", o.min_probability},
                 {"examples", progress.rows},
                 {"unparsed", progress.without_label - progress.too_long},
                 {"too_long", progress.too_long},
                 {"left_out", progress.left_out},
                 {"overlap", progress.overlap},
                 {"seconds", progress.seconds},
                 {"loading_seconds", loading_seconds},
                 {"examples_per_s", double(progress.rows) / std::max(1e-9, progress.seconds)},
                 {"peak_rss_bytes", peak_rss()}});
  if (o.adapters.empty()) {
    record.update(adapter_record(parts, 0));
    return record;
  }
  for (size_t i = 0; i < setups.size(); ++i) {
    record["adapters"][setups[i].name] = adapter_record(parts, i);
  }
  return record;
}

ExtractIdentity extract_identity(const ExtractParts& parts) {
  const auto& [o, setups, rows, filter, answerer] = parts;
  const engine::Session& session = answerer.session();
  const ExtractSetup& setup = setups[0].setup;
  const bool named = !o.adapters.empty();
  const auto of_only = [&](const std::string& value) { return named ? "" : value; };
  // In this order, which what an unfinished output says of itself has, too.
  ExtractIdentity identity{
      {"--data", data_identity(o.input)},
      {"--limit", o.data.limit ? std::to_string(*o.data.limit) : ""},
      {"--relabel", relabel_identity(o.data.relabel)},
      {"--skip-bad-rows", on_off(o.data.skip_bad_rows)},
      {"the labels", of_only(sha256_lines(rows.labels().names()))},
      {"the answers' words", of_only(sha256_lines(answerer.renderer().answers()))},
      {"the prompt style", of_only(task::style_hash(setup.style))},
      {"--chat", setup.chat && !named ? text::chat_hash(session.tokenizer()) : "off"},
      {"the model", session.weights_hash()},
      {"the tokenizer", session.tokenizer_hash()},
      {"--base", session.base()},
      {"--compute", std::string(name_of(session.products()))},
      {"--isa", kernels::isa() == kernels::Isa::kAvx512 ? "avx512" : "avx2"},
      {"the adapter", of_only(adapter_hash(o.adapter))},
      {"the index", of_only(answerer.index_hash())},
      {"--neighbours", setup.index.empty() || named ? "" : std::to_string(setup.examples.count)},
      {"--answer", o.answer},
      {"--max-new-tokens", std::to_string(o.max_new_tokens)},
      {"--batch-tokens", std::to_string(o.batch_tokens)},
      {"--negligible", fmt::format("{}", o.negligible)},
      {"--scores", on_off(o.scores)},
      {"--format", std::string(task::name_of(extract_format(o)))},
      {"--min-probability", fmt::format("{}", filter.min_probability)},
      {"the label that is left out", filter.negative.value_or("")}};
  for (const auto& [key, value] : session.settings()) {
    identity.emplace_back("the model's " + key, value);
  }
  if (!o.types.empty()) identity.emplace_back("--types", file_hash(o.types));
  else if (o.constrain_types) identity.emplace_back("--constrain-types", "on");
  const std::string rule = named ? "" : rule_identity(answerer.rule());
  if (!rule.empty()) identity.emplace_back("the rule for probabilities", rule);
  if (!named) add_random(setup, identity);
  if (!named) add_descriptions(answerer.renderer().labels(), identity);
  for (size_t i = 0; named && i < setups.size(); ++i) {
    const std::string of = fmt::format(" of adapter {}", setups[i].name);
    for (auto& each : adapter_identity(parts, i, of)) identity.push_back(std::move(each));
  }
  return identity;
}

}  // namespace relatum::jobs
