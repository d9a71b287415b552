// Options that were given and change nothing: told, so that nobody waits for their effect.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "jobs/extract_setup.h"
#include "jobs/finetune_options.h"

namespace relatum::jobs {

/// "a, b and c".
std::string and_list(const std::vector<std::string>& names);

/// Those of --entity-threshold and --entity-types that were given.
std::vector<std::string> finding_flags(const ExtractOptions& options);

/// "--a and --b have no effect without --c." Nothing where there is no flag.
void warn_without_effect(const std::vector<std::string>& flags, const std::string& without,
                         const Context& context);

/// A warning for each thing that the options lack and that others need.
void tell_without_effect(const FinetuneOptions& options, const Context& context);
/// `setups`: of all adapters, settled.
void tell_without_effect(const ExtractOptions& options, std::span<const NamedSetup> setups,
                         const Context& context);

}  // namespace relatum::jobs
