// What a model is called, told by where it lies.
#pragma once

#include <filesystem>
#include <string>

namespace relatum::arch {

/// "ORG/NAME" of a repository's folder in Hugging Face's cache, "models--ORG--NAME"; empty for
/// another folder.
std::string repository_name(const std::filesystem::path& folder);

/// The name by which a path is known: of a snapshot in Hugging Face's cache its repository's
/// ("ORG/NAME", not the commit), of any other folder its own.
std::string model_name(const std::filesystem::path& path);

}  // namespace relatum::arch
