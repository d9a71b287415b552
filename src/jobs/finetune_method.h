// What a fine-tuning trains: an adapter, or the weights themselves.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/session.h"
#include "jobs/finetune_data.h"
#include "jobs/finetune_options.h"
#include "train/trainable.h"

namespace relatum::jobs {

/// `--method full`: all weights of the base are trained, and there is no adapter.
bool trains_all(const FinetuneOptions& options);
/// "full", "lora" or "qlora": the method that was named, or the one that the base's form makes it.
std::string method_name(const FinetuneOptions& options, const engine::Session& session);
/// The rate that the options name, or the one for their method (train/schedule.h).
double learning_rate(const FinetuneOptions& options);
/// Throws Error for options that the method knows nothing of, or that contradict each other.
void check_method(const FinetuneOptions& options);
/// Throws Error where the method cannot train the model at this path.
void check_method_base(const FinetuneOptions& options, const std::filesystem::path& model);
/// Throws Error where the method, or where the pairs begin, does not go with how the base is kept.
void check_method_session(const FinetuneOptions& options, const engine::Session& session);
/// What is trained, before the first step, with a head over the network's states for these data
/// where the options ask for one. An adapter that it starts from gives the options its form.
std::unique_ptr<train::Trainable> make_trainable(FinetuneOptions& options, engine::Session& session,
                                                 const FinetuneData& data);

}  // namespace relatum::jobs
