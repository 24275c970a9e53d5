-- Artefacts on which more builds than one transaction can look at: the relinker reads them page by page; NULL: the job is another.
ALTER TABLE relink ADD COLUMN artefacts text[];
