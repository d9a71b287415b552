// Section by section, each empty where nothing is known of it.
#include "jobs/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "io/json.h"
#include "jobs/card_metadata.h"
#include "jobs/card_settings.h"
#include "jobs/card_values.h"
#include "jobs/finetune_joint.h"
#include "jobs/fit_calibration.h"
#include "jobs/markdown_text.h"
#include "jobs/retrieval.h"
#include "task/metric.h"
#include "task/prompt.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of a style that a later version has under the same name nothing is said.
std::string template_of(const ModelCard& card) {
  const fs::path kept = card.run / "prompt.txt";
  const bool own = fs::exists(kept);
  const std::string name = card_text(card.record, "prompt");
  const bool states = card_classifies(card.record) || card_finds_entities(card.record);
  if (states || (!own && name.empty())) return "";
  try {
    const task::PromptStyle style = own ? task::load_template(kept) : task::load_style(name);
    const bool same = task::style_hash(style) == card_text(card.record, "prompt_hash");
    return same ? task::style_text(style) : "";
  } catch (const Error&) {
    return "";
  }
}

CardFacts read_facts(const ModelCard& card) {
  CardFacts facts;
  const fs::path labels = card.run / "labels.json", words = card.run / "answers.json";
  if (fs::exists(labels)) facts.labels = task::load_labels(labels);
  if (fs::exists(words)) facts.words = task::load_answers(words);
  facts.template_text = template_of(card);
  const fs::path log = card.run / "log.jsonl";
  const auto step = card_number(card.record, "best_step");
  if (step && card_number(card.record, "best_dev_f1")) {
    facts.dev = dev_figures(log, int64_t(*step));
  }
  facts.loss = loss_course(log);
  return facts;
}

std::string what_it_is(const ModelCard& card) {
  const std::string method = card_method(card.record);
  const std::string base = card.base.name.empty() ? "a base that is not known"
                                                  : markdown_text(card.base.name);
  const bool spans = card_finds_entities(card.record) || card_finds_both(card.record);
  const char* head = spans                          ? " with a classifier of spans over it"
                     : card_classifies(card.record) ? " with a classifier over it"
                                                    : "";
  if (card.of == CardOf::kMerged) {
    return fmt::format("{} with an adapter merged into its weights", base);
  }
  if (method == "full") return fmt::format("{}{}, all of whose weights were trained,", base, head);
  const auto rank = card_number(card.record, "rank");
  return fmt::format("A {} adapter{} for {}{}", method == "lora" ? "LoRA" : "QLoRA",
                     rank ? fmt::format(" of rank {}", *rank) : "", base, head);
}

std::string introduction(const ModelCard& card, const CardFacts& facts) {
  const bool entities = card_finds_entities(card.record);
  std::string text = fmt::format(
      "# {}\n\n{} that {}{}.", markdown_text(card.title), what_it_is(card),
      entities ? "finds the entities of a sentence"
      : card_finds_both(card.record)
          ? "finds the entities of a text and names the relation between "
            "two of a sentence"
          : "names the relation between two marked entities in a sentence",
      facts.labels.empty()
          ? ""
          : fmt::format(": one of {}, each with a probability",
                        counted(facts.labels.size(), entities ? "type" : "label")));
  const std::string version = card_text(card.record, "version"),
                    time = card_text(card.record, "time");
  if (!version.empty()) {
    text += fmt::format(" Trained with Relatum {}{}.", markdown_text(version),
                        time.size() < 10 ? "" : " on " + markdown_text(time.substr(0, 10)));
  }
  return text + "\n\n";
}

std::string where_the_base_is(const ModelCard& card) {
  const std::string hash = card_text(card.record, "base_hash").substr(0, 12);
  return fmt::format(
      "The base is looked for where `run.json` says that it lay; where it lies elsewhere, add "
      "`--model PATH`. {}",
      hash.empty() ? ""
                   : fmt::format("Other weights than those that it was trained on are refused: "
                                 "the SHA-256 of these begins with `{}`. ",
                                 markdown_text(hash)));
}

std::string other_programs(const ModelCard& card) {
  const char* what = card.of == CardOf::kAdapter ? "PEFT opens the adapter"
                                                 : "transformers opens "
                                                   "the model";
  if (card_finds_entities(card.record)) {
    return fmt::format(
        "{}, but knows nothing of `entities.safetensors`, the classifier of spans, without which "
        "it finds nothing.",
        what);
  }
  if (card_classifies(card.record) && card_finds_both(card.record)) {
    return fmt::format(
        "{}, but knows nothing of `entities.safetensors` and `pairs.safetensors`, the classifiers "
        "of spans and of their pairs, without which it answers nothing.",
        what);
  }
  if (card_classifies(card.record)) {
    return fmt::format(
        "{}, but knows nothing of `classifier.safetensors`, a linear layer over the states of two "
        "markers, without which it answers nothing.",
        what);
  }
  if (card_finds_both(card.record)) {
    return fmt::format(
        "{}, too, and answers pairs where the prompt is made as below; it knows nothing of "
        "`entities.safetensors`, the classifier of spans that finds the entities.",
        what);
  }
  return fmt::format("{}, too; the prompt has to be made as below then.", what);
}

std::string asking(const ModelCard& card) {
  const bool entities = card_finds_entities(card.record) || card_finds_both(card.record);
  std::string text = fmt::format(
      "## How to ask it\n\n{}\nfrom inside this folder, with a file of {}, one JSON object a "
      "line:\n\n{}\n",
      markdown_block(card.ask, "sh"),
      entities ? "texts" : "sentences whose two entities are marked",
      markdown_block(
          entities
              ? R"({"id": "1", "text": "Bo Nilsen flies for Kestrel Airways.", "entities": []})"
              : R"({"text": "<e1>Bo Nilsen</e1> flies for <e2>Kestrel Airways</e2>."})",
          "json"));
  if (card.of == CardOf::kAdapter) text += where_the_base_is(card);
  if (card.of == CardOf::kRun) text += "The model lies in `model/`. ";
  if (card.of == CardOf::kModel) {
    text += "The folder above this one is the run's: it has the labels and how to ask. ";
  }
  if (card.of != CardOf::kRun) text += other_programs(card);
  return text + "\n\n";
}

std::string prompt_section(const ModelCard& card, const CardFacts& facts) {
  if (facts.template_text.empty()) return "";
  const std::string style = card_file(card.record, "prompt"),
                    index = card_file(card.record, "index");
  std::string text = fmt::format("## Prompt\n\nStyle {}, as a template:\n\n",
                                 markdown_text(style)) +
                     markdown_block(facts.template_text) +
                     "\nThe answer is one space and the words of a label, then the model's end "
                     "token.";
  if (card_flag(card.record, "chat")) text += " All of it goes into the base's chat template.";
  if (!index.empty()) {
    const bool random = card_text(card.record, "example_choice") == kRandomExamples;
    text += fmt::format(
        " Each prompt shows {} of the sentences in the index {}, which is not part "
        "of this folder.",
        random ? "random ones" : "the most similar", markdown_text(index));
  }
  if (facts.labels.described()) text += " Labels are listed with what labels.json says of them.";
  return text + "\n\n";
}

std::string label_section(const ModelCard& card, const CardFacts& facts) {
  if (facts.labels.empty()) return "";
  const json* counts = io::find(card.record, "label_examples");
  const std::map<std::string, std::string> words(facts.words.begin(), facts.words.end());
  const bool entities = card_finds_entities(card.record);
  std::string head = entities ? "| type |" : "| label |", line = "| --- |", rows;
  if (!words.empty()) {
    head += " answered as |";
    line += " --- |";
  }
  if (counts) {
    head += entities ? " training entities |" : " training examples |";
    line += " ---: |";
  }
  for (const std::string& label : facts.labels.names()) {
    rows += "| " + markdown_text(label) + " |";
    const auto word = words.find(label);
    if (!words.empty()) {
      rows += " " + (word == words.end() ? "" : markdown_text(word->second)) + " |";
    }
    if (counts) rows += fmt::format(" {} |", card_number(*counts, label.c_str()).value_or(0));
    rows += "\n";
  }
  return (entities ? "## Types\n\n" : "## Labels\n\n") + head + "\n" + line + "\n" + rows + "\n";
}

std::string data_section(const ModelCard& card) {
  const json& record = card.record;
  const auto count = [&](const char* key) { return int64_t(card_number(record, key).value_or(0)); };
  const std::string train = card_file(record, "train"), dev = card_file(record, "dev");
  if (train.empty()) return "";
  const bool entities = card_finds_entities(record);
  std::string text = fmt::format("## Training data\n\n- {} from {}\n",
                                 counted(count("examples"), entities ? "sentence" : "example"),
                                 markdown_text(train));
  if (!dev.empty()) {
    text += fmt::format("- {} from {}, which chose the step that was kept\n",
                        counted(count("dev_examples"), entities ? "dev document" : "dev example"),
                        markdown_text(dev));
  } else if (count("dev_examples")) {
    text += fmt::format(
        "- {} held out of the same file (seed {}), which chose the step that was "
        "kept\n",
        counted(count("dev_examples"), entities ? "document" : "example"), count("seed"));
  }
  const std::string relabel = card_text(record, "relabel");
  if (!relabel.empty()) {
    text += fmt::format("- with labels of {}\n",
                        markdown_text(relabel.substr(0, relabel.find(':'))));
  }
  if (const int64_t out = count("left_out")) {
    text += fmt::format("- {} of them left out, as the model cannot read a row so long\n", out);
  }
  if (const auto most = card_number(record, "negatives")) {
    text += fmt::format("- at most {} of {} for each other one in an epoch\n", *most,
                        markdown_text(card_text(record, "negatives_label")));
  }
  if (!card_text(record, "label_weights").empty()) {
    text += fmt::format("- rows weighed by label: {}\n",
                        markdown_text(card_file(record, "label_weights")));
  }
  if (const auto folds = card_number(record, "folds")) {
    text += fmt::format("- this is fold {} of {}: its part of the file was left out\n",
                        count("fold"), *folds);
  }
  return text + "\n";
}

std::string metric_title(const std::string& name) {
  for (const task::Metric* metric : task::metrics()) {
    if (metric->name == name) return std::string(metric->title);
  }
  if (name == kJointMetric) return "mean of the F1 of entities and the F1 of pairs";
  return name == "entities_strict" ? "F1 of entities" : name;
}

std::string figures_section(const ModelCard& card, const CardFacts& facts) {
  std::string text = "## Figures\n\n";
  if (facts.dev) {
    text += fmt::format(
        "On the dev sentences, which also chose the step that was kept, so that these figures "
        "flatter: {} {:.2f} %{}, at step {} of {}. ",
        markdown_text(metric_title(facts.dev->metric)), 100 * facts.dev->f1,
        card_finds_entities(card.record)
            ? std::string(", where an entity counts that has its words and its type")
            : fmt::format(", accuracy {:.2f} %", 100 * facts.dev->accuracy),
        card_number(card.record, "best_step").value_or(0),
        card_number(card.record, "steps").value_or(0));
  } else {
    text += "There were no dev sentences, so nothing was measured. ";
  }
  if (facts.loss) {
    text += fmt::format("The loss was {:.3g} at first and {:.3g} at the end. ", facts.loss->first,
                        facts.loss->last);
  }
  return text +
         "What a test file says is for `relatum evaluate`, and for you to write down here.\n\n";
}

std::string calibration_section(const ModelCard& card) {
  std::string text = "## How sure the answers are\n\n";
  if (card_finds_entities(card.record)) {
    return text +
           "Nothing is calibrated: a probability is the classifier's own, of this type for these "
           "words against none and all others.\n\n";
  }
  if (!card.calibration) {
    // `calibrate` asks for the pairs of whole documents, which such runs did not learn.
    const bool sentences = card_finds_both(card.record) || !card_text(card.record, "pairs").empty();
    return fmt::format(
        "{}Nothing is calibrated: probabilities are the model's own, and a fine-tuned model is "
        "surer than it is right. {}\n\n",
        text,
        sentences ? "`relatum finetune` fits a temperature where it has dev data."
                  : "`relatum calibrate` fits a temperature on labelled sentences that it was not "
                    "trained on.");
  }
  for (const std::string& line : calibration_lines(*card.calibration)) {
    text += "- " + markdown_text(line) + "\n";
  }
  return text + "\nOther sentences than these dev data may need another temperature.\n\n";
}

std::string cost_section(const ModelCard& card) {
  const auto seconds = card_number(card.record, "seconds");
  if (!seconds) return "";
  const auto number = [&](const char* key) { return card_number(card.record, key).value_or(0); };
  return fmt::format(
      "## Time and memory\n\nTrained in {} on {} ({}): {:.0f} tokens and {:.1f} examples a second, "
      "at most {:.1f} GB of memory.\n\n",
      duration_text(*seconds), counted(int64_t(number("threads")), "thread"),
      markdown_text(card_text(card.record, "cpu")), number("tokens_per_s"),
      number("examples_per_s"), number("peak_rss_bytes") / 1e9);
}

// As docs/your-data.md says: fewer than ten sentences of a label teach little.
std::string rare_labels(const ModelCard& card, const CardFacts& facts) {
  constexpr double kFew = 10;
  constexpr size_t kShown = 8;
  const json* counts = io::find(card.record, "label_examples");
  if (!counts) return "";
  std::vector<std::string> rare;
  for (const std::string& label : facts.labels.names()) {
    if (card_number(*counts, label.c_str()).value_or(0) < kFew) {
      rare.push_back(markdown_text(label));
    }
  }
  if (rare.empty()) return "";
  const size_t others = rare.size() - std::min(kShown, rare.size());
  rare.resize(rare.size() - others);
  return fmt::format("- Fewer than {} training {}: {}{}. Expect little of these.\n", kFew,
                     card_finds_entities(card.record) ? "entities" : "examples",
                     fmt::join(rare, ", "), others ? fmt::format(" and {} more", others) : "");
}

std::string limits_section(const ModelCard& card, const CardFacts& facts) {
  if (card_finds_entities(card.record)) {
    const json* form = io::find(card.record, "entities");
    return fmt::format(
               "## Limits\n\n- It looks at one sentence at a time, at up to {} together, and names "
               "no relations.\n- It knows sentences like those that it was trained on: of other "
               "languages or topics nothing was measured.\n",
               counted(form ? int64_t(card_number(*form, "widest").value_or(0)) : 0, "word")) +
           rare_labels(card, facts) + "- All figures are of one run with one seed.\n\n";
  }
  const char* entities =
      card_finds_both(card.record)
          ? "- Relations are named between entities of one sentence.\n"
          : "- It finds no entities: both have to be marked, and it looks at one pair at a time.\n";
  return std::string("## Limits\n\n") + entities +
         "- It always answers one of its labels, and knows sentences like those that it was "
         "trained on: of other languages, topics or ways of marking nothing was measured.\n" +
         rare_labels(card, facts) + "- All figures are of one run with one seed.\n\n";
}

std::string publishing(const ModelCard& card) {
  std::string text =
      "## Before you publish it\n\nThis page was made from the run's record and has only the names "
      "of its files.";
  if (card.of == CardOf::kAdapter || card.of == CardOf::kRun) {
    text +=
        " `run.json` holds the command with its paths, and `calibration.json` and "
        "`adapter_config.json` name files, too: look through them.";
  } else if (card.of == CardOf::kMerged) {
    text +=
        " `merge.json` holds the command with its paths, and `calibration.json` names a file, "
        "too: look through them.";
  }
  return text +
         (card.base.license.empty()
              ? " No licence is named above, as none is known: the base's and that of the training "
                "data decide.\n"
              : " The licence above is what the base's files say of the base; the training data "
                "may ask for more.\n");
}

}  // namespace

std::string model_card(const ModelCard& card) {
  const CardFacts facts = read_facts(card);
  std::string text = card_metadata(card, facts) + "\n" + introduction(card, facts) + asking(card) +
                     prompt_section(card, facts) + label_section(card, facts);
  if (!card.record.is_null()) {
    text += data_section(card) + card_settings(card.record) + figures_section(card, facts) +
            calibration_section(card) + cost_section(card);
  }
  return text + limits_section(card, facts) + publishing(card);
}

}  // namespace relatum::jobs
