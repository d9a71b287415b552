// `--head classifier`: what it is asked for, what it trains, and how its rows are made.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "engine/session.h"
#include "jobs/finetune_options.h"
#include "jobs/run_record.h"
#include "task/classifier_rows.h"
#include "train/classifier.h"
#include "train/full_weights.h"

namespace relatum::jobs {

bool classifies(const FinetuneOptions& options);
/// Names the method where none was named: all weights of an encoder are trained, beside a decoder
/// an adapter. Nothing without a classifier.
void settle_classifier(FinetuneOptions& options, const std::filesystem::path& model);
/// Throws Error for options that a classifier knows nothing of, or that only a classifier knows.
void check_classifier(const FinetuneOptions& options);
/// Opens the model that is trained: a language model, or for a classifier an encoder or a decoder.
/// Throws Error where it is none.
std::unique_ptr<engine::Session> open_trained_model(const FinetuneOptions& options,
                                                    const std::filesystem::path& path,
                                                    const engine::SessionOptions& session);
/// The same for a run that classifies, to answer with.
std::unique_ptr<engine::Session> open_classified_model(const std::filesystem::path& path,
                                                       const engine::SessionOptions& options);

/// The style of its rows. Markers are tokens of their own, behind the vocabulary, where an
/// encoder's table of words is trained, so that they mean nothing else; they begin as "[", "]", "{"
/// and "}" do. Elsewhere they are these themselves, as a frozen table would have nothing but noise
/// for others.
task::PromptStyle classifier_style_of(const FinetuneOptions& options,
                                      const engine::Session& session, const task::Labels& labels);
/// The style that the options train with: a classifier's, that of texts, or a language model's.
/// `types`: of entities, where they are learned, too.
task::PromptStyle training_style(const FinetuneOptions& options, const engine::Session& session,
                                 const task::Labels& labels, const std::vector<std::string>& types);
/// That of a run.
task::PromptStyle classifier_style_of(const RunInfo& run, const task::Labels& labels);

/// The classifier's sizes and rates.
train::ClassifierForm classifier_form(const FinetuneOptions& options,
                                      const engine::Session& session, int64_t labels);
/// What FullWeights trains beside the network: the classifier, and its markers' rows.
train::FullExtras classifier_extras(const train::ClassifierForm& form,
                                    const engine::Session& session);

/// The record's keys; none without a classifier.
nlohmann::json classifier_record(const FinetuneOptions& options, const task::PromptStyle& style);

}  // namespace relatum::jobs
