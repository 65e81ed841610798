"""The words of Kho in English and Vietnamese, and what they mean."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

TERMS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("access key", "khóa truy cập", _("An id and a secret by which a client proves who it is.")),
    ("account", "tài khoản", _("Twelve digits that own repositories, users and roles.")),
    ("alias", "bí danh", _("The first part of a public repository's name; it stands for its publisher.")),
    ("annotation", "chú thích", _("A name and a value that an image's author wrote into its manifest.")),
    ("artifact", "tạo phẩm", _("Anything that a repository keeps: an image, a chart, a signature, other files.")),
    ("attestation", "chứng thực", _("A signed statement about how an image was built.")),
    ("audit log", "nhật ký kiểm tra", _("Who did what, when, and whether it was allowed.")),
    ("container", "bộ chứa", _("A running program with all that it needs, started from an image.")),
    ("digest", "digest (mã băm nội dung)", _("A number computed from the bytes; the same digest is the same content.")),
    ("gallery", "thư viện công khai", _("The public part of this site: everybody finds and pulls there.")),
    ("Helm chart", "biểu đồ Helm (Helm chart)", _("A description of how to install a program in Kubernetes.")),
    ("image", "hình ảnh", _("The files of a program and how to start it, in layers.")),
    ("index", "chỉ mục nhiều nền tảng", _("One name for several images, one for each platform.")),
    ("layer", "lớp", _("A part of an image's files; images that share a layer keep it once.")),
    ("lifecycle policy", "chính sách vòng đời", _("Rules that say which images are not needed any more.")),
    ("manifest", "tệp kê khai", _("The list of what an image consists of.")),
    ("platform", "nền tảng", _("Operating system and architecture, such as linux/arm64.")),
    ("policy", "chính sách", _("A JSON text that allows or denies actions.")),
    ("principal", "chủ thể", _("Who acts: the account's root, a user, a role or a service.")),
    ("publisher", "nhà xuất bản", _("An account that has public repositories.")),
    ("pull", "kéo", _("To get an image from a repository.")),
    ("push", "đẩy", _("To put an image into a repository.")),
    ("referrer", "tạo phẩm đính kèm", _("An artifact about an image, such as its signature.")),
    ("Region", "Khu vực", _("Where an account's private repositories are.")),
    ("registry", "cơ sở đăng ký", _("All repositories of an account in one Region, or its public ones.")),
    (
        "registry password",
        "mật khẩu cơ sở đăng ký",
        _("A password for docker and other clients that works for 12 hours."),
    ),
    ("repository", "kho", _("A place for the images of one program, by tag and digest.")),
    ("repository template", "mẫu tạo kho", _("Settings for repositories that a push creates.")),
    ("role", "vai trò", _("Rights that somebody takes on for a time.")),
    ("SBOM", "SBOM (danh mục thành phần phần mềm)", _("The list of packages in an image.")),
    ("signature", "chữ ký", _("Proof of who published an image.")),
    ("tag", "thẻ", _("A name for an image in a repository, such as 1.27 or latest; it can move.")),
    ("immutable tag", "thẻ bất biến", _("A tag that can't move to another image.")),
    ("verified", "đã xác minh", _("The staff of this site know who the publisher is.")),
)
